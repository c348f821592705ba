"""What is not counted but assumed, each with its reason."""

DAYS = 30
HOURS_A_DAY = 24
JOBS_A_DAY = 2
JOB_HOURS = 4

GB = 1_000_000_000
# Images and films of the simulation are tiny; these are the sizes that real ones have (measured: 1280x720).
FRAME_BYTES = 60_000
FILM_BYTES = 5_000_000
THUMBNAIL_BYTES = 10_000

FRAME_DAYS = 7  # IMAGE_RETENTION_DAYS
FILM_DAYS = 30  # FILM_RETENTION_DAYS
LOG_DAYS = 14  # LogRetentionDays

# Billed seconds of one invocation, starts of containers spread over them: a seventh of a processor (256 MB)
# takes 10 ms of work seven times as long. notify waits for Telegram. The film: 24 s of a desktop's core for
# 1,350 frames of 1280x720, half as much again on arm64, and fetching them.
SECONDS = {"tracker": 0.15, "notify": 0.8, "timelapse": 45.0, "liveness": 0.15, "api": 0.1}

# START, END and REPORT of each invocation, and 26 bytes for each line that is stored. API Gateway logs no
# requests unless it is told to (`ApiAccessLog`): 250 bytes each.
PLATFORM_LOG_BYTES = 400
BYTES_BESIDE_A_LINE = 26
ACCESS_LOG_BYTES = 0

# Somebody's home automation or web page. A status is asked for more often than an image.
API_STATUSES = 8_000
API_IMAGES = 2_000

# A page that is open all month, never hidden, its every answer a new one. Of a call: a fixed part, and what
# each printer takes of a third of a processor (512 MB; 35 ms of a desktop's core for 50 of them).
PAGE_PRINTERS = (1, 10, 50)
OVERVIEW_SECONDS = 0.04
VIEW_REFRESHES = 4  # of the overview, for one of the curve and one of the messages (`printer.js`)
OVERVIEW_SECONDS_A_PRINTER = 0.003
SESSION_TOKEN_BYTES = 1_000  # of a function's credentials; it is in each presigned address

# The chat, where it is answered: a household's questions in a month, and how many of them are for a picture.
# Of a question: seconds that it takes, what it reads (the list of printers and some items) and writes (its
# mark, the chat's state). A picture is looked for until it is there.
CHAT_QUESTIONS, CHAT_PICTURES = 1_000, 300
CHAT_SECONDS, CHAT_PICTURE_SECONDS = 0.6, 2.5
CHAT_READ_UNITS, CHAT_WRITE_UNITS = 10, 3
CHAT_LOOKS = 5  # for a picture, on the average
COMMAND_POLL_SECONDS = 20
WEBHOOK_CHECKS_AN_HOUR = 4

# Lambda polls each queue with five connections, each asking anew every 20 seconds, whatever comes.
POLLERS = 5
POLL_SECONDS = 20
