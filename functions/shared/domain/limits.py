"""Fixed numbers that more than one part goes by, each with why it has that value.

What only one file goes by stands in that file. Seconds, unless the name says otherwise.
"""

# A collector reports on itself each five minutes, whatever its printers do: three reports are missing then.
COLLECTOR_SILENT_SECONDS = 900.0
# Away for so long it was taken out of service: a holiday with the machine off is shorter.
COLLECTOR_FORGOTTEN_SECONDS = 7 * 86_400.0
