"""Makes the film of a job out of its frames, when the job has ended or by hand."""
