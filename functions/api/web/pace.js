// How long to wait before the next question. Pure.

const SLOWEST_MS = 60000;
export const FIRST_MS = 3000;

// Who was held back comes back to the usual pace step by step.
export const afterAnswer = (pause, usual) => (pause > usual ? Math.max(0.9 * pause, usual) : usual);

export const afterRefusal = (pause, seconds) => Math.max(Math.min(2 * pause, SLOWEST_MS), 1000 * seconds);

// What is shown counts as old when it has not been confirmed for so long.
export const isOld = (lastAnswer, now) => lastAnswer === null || now - lastAnswer > SLOWEST_MS;
