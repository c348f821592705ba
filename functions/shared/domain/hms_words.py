"""The words of HMS entries: what is wrong, and after the first full stop what to do about it.

Keys are `attr` and `code` as the printer's screen shows them. Meanings from Bambu Studio's own tables as
other projects keep them (infra/docs/bambu-fields.md, "Error codes"); the words are ours. The entries of an
AMS, which have a unit and a slot in them, are in `ams_codes.py`.
"""

_OFF_AND_ON = "Switch the printer off and on"
_PLATE = "The build plate lies wrongly. Lay it right"
_Z_STUCK = "The Z axis is stuck. Look for things on its slides and belt"
_CHAMBER_COLD = "The chamber does not heat. Close it, and free the power supply's vents"
_NO_INTERNET = "The printer has no internet. Check its network"
_NO_ACCOUNT = "The printer cannot log in to its account. Check the account"
_FIRST_LAYER_CHECK = "The first layer could not be checked by the printer. Look at it yourself"
_BED_CHECK = "The check for things on the bed does not work rightly. Calibrate the live view camera"
_NOTHING_COMES = "The printer prints without filament coming out. Check hotend and filament"
_NOZZLE_GONE = "The nozzle may be missing. See that it sits right"
_NO_SENSOR = "The extrusion sensor does not answer. Check the tool head's cable"
_LASER_DARK = "The lidar's laser is dark. See that nothing covers it"
_LASER_BLURRED = "The lidar's laser line is unclear. Clean the bed"
_REFUSES = "The printer refuses commands; watching still works. Switch on Developer Mode to allow them"
_LIDAR = "The lidar's values have drifted. Calibrate the printer"


def _heaters() -> dict[str, str]:
    words: dict[str, str] = {}
    for part, place in (("0200", "nozzle"), ("1E00", "left nozzle")):
        words |= {
            f"0300_{part}_0001_0001": f"The {place} heater may have a short circuit. Switch off",
            f"0300_{part}_0001_0002": f"The {place} heater gets no current. Check its cable",
            f"0300_{part}_0001_0003": f"The {place} is too hot. Switch off and let it cool",
            f"0300_{part}_0001_0006": f"The {place}'s heat sensor may have a short circuit. Check its plug",
            f"0300_{part}_0001_0007": f"The {place}'s heat sensor is not connected. Check its plug",
            f"0300_{part}_0001_0009": f"The {place} does not heat rightly. See that the hotend is fitted",
        }
    for part in ("9100", "9200"):
        words |= {
            f"0300_{part}_0001_0001": "A chamber heater may have a short circuit. Switch off",
            f"0300_{part}_0001_0002": "A chamber heater gets no current. Ask support about its fuse",
            f"0300_{part}_0001_0003": "A chamber heater is too hot. Switch off and let it cool",
            f"0300_{part}_0001_0006": "A chamber heater's sensor may have a short circuit. Ask support",
            f"0300_{part}_0001_0007": "A chamber heater's sensor is not connected. Check its plug",
            f"0300_{part}_0001_0008": "The chamber does not get warm enough. Close it, and warm the room",
            f"0300_{part}_0001_000A": "A chamber heater's power board may be broken. Ask support",
        }
    return words


def _fans() -> dict[str, str]:
    words = {
        "0300_0300_0001_0001": "The hotend fan is too slow or stands still. Clean it, and check its plug",
        "0300_0300_0002_0002": "The hotend fan turns slowly. Clean it",
        "0300_0400_0002_0001": "The part fan is too slow or stands still. Clean it, and check its plug",
    }
    names = {
        "1700": "hotend fan", "3100": "part fan", "3200": "auxiliary fan", "3300": "exhaust fan",
        "3500": "controller's fan", "3600": "chamber's heating fan",
    }  # fmt: skip
    for part, fan in names.items():
        words[f"0300_{part}_0001_0001"] = (
            f"The {fan} is too slow or stands still. Clean it, and check its plug"
        )
        words[f"0300_{part}_0002_0002"] = f"The {fan} turns slowly. Clean it"
    return words


def _motors() -> dict[str, str]:
    words: dict[str, str] = {}
    motors = ("Motor A", "Motor B", "The Z motor", "The extruder motor")
    for number, motor in enumerate(motors):
        part, sensor = f"{6 + number:02X}00", f"{0x13 + number:02X}00"
        words |= {
            f"0300_{part}_0001_0001": f"{motor} is not connected. Check its cable",
            f"0300_{part}_0001_0002": f"{motor} may have a short circuit. Switch off and ask support",
            f"0300_{part}_0001_0003": f"{motor} may be broken. Ask support",
            f"0300_{sensor}_0001_0001": f"{motor} is measured wrongly. {_OFF_AND_ON}, or ask support",
        }
    for number, part in enumerate(("0A00", "0B00", "0C00"), 1):
        words |= {
            f"0300_{part}_0001_0001": f"Bed sensor {number} is too sensitive. See that the bed is free",
            f"0300_{part}_0001_0002": f"Bed sensor {number} is weak. Check its cable",
            f"0300_{part}_0001_0003": f"Bed sensor {number} is weak. Check its cable",
            f"0300_{part}_0001_0004": f"Bed sensor {number} is disturbed. See that nothing touches the bed",
            f"0300_{part}_0001_0005": f"Bed sensor {number} is under load. See that the bed is free",
        }
    for axis, part, home, belt in (("X", "1000", 1, 3), ("Y", "1100", 2, 4)):
        words |= {
            f"0300_{part}_0002_0001": f"The {axis} belt may be loose. Tighten it",
            f"0300_{part}_0002_0002": f"The {axis} axis vibrates unlike before. Clean it, then calibrate",
            f"0300_2000_0001_000{home}": f"Homing the {axis} axis failed. See that the head moves freely",
            f"0300_2000_0001_000{belt}": f"Homing the {axis} axis failed. Tighten its belt",
        }
    for code in range(3, 11):
        words[f"0300_0D00_0001_{code:04X}"] = words[f"0300_0D00_0002_{code:04X}"] = _PLATE
    return words


def _covers() -> dict[str, str]:
    words: dict[str, str] = {}
    names = {"9600": "front door", "9700": "top cover", "9800": "left window", "9900": "right window"}
    for part, cover in names.items():
        words |= {
            f"0300_{part}_0001_0001": f"The {cover} stands open. Close it, then resume",
            f"0300_{part}_0001_0002": f"The {cover}'s sensor does not work. Check its cable",
            f"0300_{part}_0001_0003": f"The {cover}'s sensor does not work. Check its cable",
            f"0300_{part}_0003_0001": f"The {cover} stands open",
        }
    return words


HMS_WORDS: dict[str, str] = {
    **_heaters(),
    **_fans(),
    **_motors(),
    **_covers(),
    # Bed
    "0300_0100_0001_0001": "The heated bed may have a short circuit. Switch off",
    "0300_0100_0001_0002": "The bed heater gets no current. Check its cable",
    "0300_0100_0001_0003": "The heated bed is too hot. Switch off and let it cool",
    "0300_0100_0001_0006": "The bed's temperature sensor may have a short circuit. Check its plug",
    "0300_0100_0001_0007": "The bed's temperature sensor is not connected. Check its plug",
    "0300_0100_0001_0008": "The bed heats wrongly, its heater may be broken. Ask support",
    "0300_0100_0001_000A": "The bed's power board may be broken. Switch off and ask support",
    "0300_0100_0001_000C": "The bed heats at full power for too long. Check its heating",
    "0300_0100_0001_000D": "The bed had a fault in heating before. Check it before you print",
    "0300_0100_0001_000E": "The mains voltage does not suit the bed. Check the power supply",
    "0300_0100_0003_0008": "The bed was set hotter than it may get. The printer keeps to its limit",
    "0300_0200_0001_000B": "Nozzle temperature is off. Check the hotend's cable",
    # Motion and tool head
    "0300_0500_0001_0001": "A motor driver is too hot. Let the printer cool, and check its fan",
    "0300_0900_0002_0001": "The extruder motor is overloaded. See if it is clogged or jammed",
    "0300_0900_0002_0002": "The extruder is straining. See if it is clogged or jammed",
    "0300_0900_0002_0003": "Too little filament comes out. See if the extruder is clogged",
    "0300_0D00_0001_0002": "Homing the bed failed by vibration. See that the printer stands firmly",
    "0300_0D00_0001_000B": _Z_STUCK,
    "0300_0D00_0002_0001": "Homing the bed went wrong. Clean nozzle and bed",
    "0300_0F00_0001_0001": f"The vibration sensor gives wrong data. {_OFF_AND_ON}",
    "0300_1200_0002_0001": "The front cover came off the tool head. Put it back",
    "0300_1800_0001_0001": _NOZZLE_GONE,
    "0300_1800_0001_0002": _NOZZLE_GONE,
    "0300_1800_0001_0003": _NO_SENSOR,
    "0300_1800_0001_0004": _NO_SENSOR,
    "0300_1800_0001_0005": _Z_STUCK,
    "0300_1800_0001_0006": "Bed levelling gave wrong data. Clear the bed and the Z slides",
    "0300_1800_0003_0009": "The bed is being levelled hot, for a better first layer. Wait",
    "0300_1900_0001_0001": "The Y axis sensor does not work. Check its cable",
    "0300_1900_0002_0002": "The Y axis sensor is weak. Check its cable",
    "0300_1A00_0002_0001": "Filament covers the nozzle, or the plate lies crooked. Set it right",
    "0300_1A00_0002_0002": "The nozzle is clogged. Clean it",
    "0300_1B00_0001_0001": "The bed's vibration sensor is weak. Check that it sits right",
    "0300_1B00_0001_0002": "The bed's vibration sensor is disturbed. Fix its cable",
    "0300_1B00_0001_0003": "The bed's vibration sensor gives wrong data. Check that it is free",
    "0300_1C00_0001_0001": "The extruder motor's driver may be broken. Ask support",
    "0300_1D00_0001_0001": "The extruder motor's sensor does not answer. Switch off and check its cable",
    "0300_2500_0001_0001": _NOZZLE_GONE,
    "0300_2500_0001_0002": _NOZZLE_GONE,
    "0300_2500_0001_0003": _NO_SENSOR,
    "0300_2500_0001_0004": _NO_SENSOR,
    "0300_2500_0001_0005": _Z_STUCK,
    "0300_2500_0001_0008": "The nozzle touches the bed wrongly. Clean nozzle and bed",
    "0300_2500_0001_000A": "Nozzle offset calibration failed. Clean the nozzle, then calibrate again",
    "0300_2500_0001_000B": "The right nozzle may be missing. See that it sits right",
    "0300_2600_0001_0003": _NO_SENSOR,
    "0300_2600_0001_0004": _NO_SENSOR,
    "0300_2600_0001_0005": _Z_STUCK,
    "0300_2600_0001_0008": "The left nozzle touches the bed wrongly. Clean nozzle and bed",
    "0300_2600_0001_000B": "The left nozzle may be missing. See that it sits right",
    "0300_4000_0002_0001": f"The printer's boards do not talk to each other. {_OFF_AND_ON}",
    "0300_4100_0001_0001": "The mains voltage is unstable. Check the power supply",
    # Chamber
    "0300_9000_0001_0001": _CHAMBER_COLD,
    "0300_9000_0001_0002": _CHAMBER_COLD,
    "0300_9000_0001_0003": _CHAMBER_COLD,
    "0300_9000_0001_0004": "The chamber does not heat for its slow fan. Clean it",
    "0300_9400_0002_0003": "The chamber does not get warm enough. The printer no longer waits for it",
    "0300_9400_0003_0001": "The chamber cools slowly. Open the door or the top cover",
    "0300_9400_0003_0002": "The chamber was set hotter than it may get. The printer keeps to its limit",
    "0300_9B00_0001_0001": "The emergency stop is missing. Fit it",
    "0300_9B00_0001_0002": "The safety key is missing. Put it in",
    "0300_9B00_0001_0003": "The emergency stop sits wrongly. Fit it again",
    "0300_A100_0001_0001": "The chamber is too hot. Open the door and the top cover",
    "0300_A200_0001_0001": "The motion controller is too hot. Cool the room",
    "0300_A400_0001_0001": "The bed is too hot to start. Let it cool down",
    "0300_A400_0001_0002": "The hotend is too hot to start. Let it cool down",
    "0300_A400_0001_0003": "The left hotend is too hot to start. Let it cool down",
    "0300_A400_0001_0004": "The chamber is too hot to start. Let it cool down",
    "0300_C000_0001_0001": "The exhaust's air flap is stuck. Free it",
    "0300_C000_0001_0002": "The filter's air flap is stuck. Free it",
    "0300_C000_0001_0003": "The top vent is stuck. Free it",
    "0300_C100_0001_0001": "The air flaps do not move as they should. Check them",
    "0300_C100_0001_0002": "The air flaps do not move as they should. Check them",
    "0300_D000_0001_0001": "The cutting module came off. Fit it again",
    "0300_D000_0001_0002": "The blade holder came off. Fit it again",
    "0300_D000_0001_0003": "The cutting module's cable is loose. Plug it in",
    # Main board: camera, storage, network, system, files
    "0500_0100_0002_0001": f"The camera's software failed. {_OFF_AND_ON}",
    "0500_0100_0002_0002": "The camera is not connected. Check its cable",
    "0500_0100_0002_0003": "The camera does not work. Check its cable",
    "0500_0100_0003_0004": "The memory card or USB stick is full. Delete some files",
    "0500_0100_0003_0005": "The memory card or USB stick cannot be written. Format or replace it",
    "0500_0100_0003_0006": "The memory card or USB stick is not formatted. Format it at the printer",
    "0500_0100_0003_0007": "The printer records no timelapse without a memory card or USB stick. Put one in",
    "0500_0200_0002_0001": _NO_INTERNET,
    "0500_0200_0002_0002": _NO_ACCOUNT,
    "0500_0200_0002_0003": _NO_INTERNET,
    "0500_0200_0002_0004": _NO_ACCOUNT,
    "0500_0200_0002_0005": _NO_INTERNET,
    "0500_0200_0002_0006": "The printer's live view failed. Check its network",
    "0500_0200_0002_0007": "The printer's live view cannot log in. Check its network",
    "0500_0200_0002_0008": "The printer cannot set its clock. Check its network",
    "0500_0300_0001_0001": f"The motion controller does not answer. {_OFF_AND_ON}",
    "0500_0300_0001_0002": f"The tool head does not answer. {_OFF_AND_ON}",
    "0500_0300_0001_0003": f"The AMS does not answer. {_OFF_AND_ON}",
    "0500_0300_0001_0004": f"The AMS hub does not answer. {_OFF_AND_ON}",
    "0500_0300_0001_0005": f"The printer's software failed. {_OFF_AND_ON}",
    "0500_0300_0001_0006": f"The printer's system crashed. {_OFF_AND_ON}",
    "0500_0300_0001_0008": f"The printer's system hangs. {_OFF_AND_ON}",
    "0500_0300_0001_0009": "The printer's system hung and has restarted itself. Look at the print",
    "0500_0300_0001_000A": "The printer's system is damaged. Restore its factory settings",
    "0500_0300_0001_000B": f"The screen does not work. {_OFF_AND_ON}",
    "0500_0300_0001_000C": "The motor controller does not answer. Switch off and check its cable",
    "0500_0300_0001_0023": f"The chamber controller does not answer. {_OFF_AND_ON}",
    "0500_0300_0001_0024": "It is too cold to print. Bring the printer above 10 °C",
    "0500_0300_0001_0025": "The firmware is damaged. Update it again",
    "0500_0300_0002_000C": f"The Wi-Fi does not work. {_OFF_AND_ON}",
    "0500_0300_0002_000D": "The memory card's reader does not work. Ask support",
    "0500_0300_0002_0020": "The memory card or USB stick has no room for the print. Delete some files",
    "0500_0300_0003_0007": "The printer's system crashed and has restarted itself. Look at the print",
    "0500_0300_0003_0022": "The memory card or USB stick is wearing out or slow. Format or replace it",
    "0500_0400_0001_0001": "The print could not be downloaded. Check the network, then send it again",
    "0500_0400_0001_0002": "The printer cannot tell the cloud how it goes. Check its network",
    "0500_0400_0001_0003": "The printer cannot read the print file. Slice and send it again",
    "0500_0400_0001_0004": "The print file is not authorised. Send it again from the slicer",
    "0500_0400_0001_0006": "The last print could not be resumed. Start it again",
    "0500_0400_0001_0025": "The AMS is not connected right. Check its cable, then restart the printer",
    "0500_0400_0002_0007": "So hot a bed may clog the nozzle with this filament. Open the door",
    "0500_0400_0002_0042": "The live view camera is dirty or covered. Clean it",
    "0500_0400_0002_0043": "The nozzle camera is dirty or covered. Clean it",
    "0500_0400_0003_0008": "The door stands open. Close it",
    "0500_0400_0003_0009": "So hot a bed may clog the nozzle with this filament. Open the door",
    "0500_0500_0001_0001": "The main board's data are damaged. Ask support",
    "0500_0500_0001_0006": "The main board's data are damaged. Ask support",
    "0500_0500_0001_0007": _REFUSES,
    "0500_0500_0001_000F": "An accessory is not genuine or not up to date. Update its firmware",
    "0500_0500_0003_0002": "The printer is in engineering mode. Leave it unless you need it",
    "0500_0600_0002_0004": "The live view camera is not in place. Check it",
    "0500_0600_0002_0031": "The tool head camera is not connected. Check its cable",
    "0500_0600_0002_0032": "The nozzle camera is not connected. Check its cable",
    "0500_0600_0002_0034": "The live view camera is not connected. Check its cable",
    "0501_0400_0003_0002": "The threaded rods need grease. Grease them after the print",
    # Lidar, cameras and the printer's own AI
    "0C00_0100_0001_0001": "The lidar does not answer. Check its cable",
    "0C00_0100_0001_0003": f"The lidar is out of step. {_OFF_AND_ON}",
    "0C00_0100_0001_0004": "The lidar's lens is dirty. Clean it",
    "0C00_0100_0001_0005": "The lidar's data are damaged. Ask support",
    "0C00_0100_0001_0009": "The chamber camera's lens is dirty. Clean it",
    "0C00_0100_0001_000A": "The lidar's light may be broken. Ask support",
    "0C00_0100_0001_000B": "Calibrating the lidar failed. Clean the calibration chart, then try again",
    "0C00_0100_0002_0002": "The lidar does not work. Ask support if it comes again",
    "0C00_0100_0002_0006": _LIDAR,
    "0C00_0100_0002_0007": _LIDAR,
    "0C00_0100_0002_0008": "The chamber camera gives no picture, spaghetti goes unseen. Check its cable",
    "0C00_0200_0001_0001": _LASER_DARK,
    "0C00_0200_0001_0005": "A new lidar was found. Calibrate it",
    "0C00_0200_0002_0002": _LASER_BLURRED,
    "0C00_0200_0002_0003": _LASER_BLURRED,
    "0C00_0200_0002_0004": "The nozzle seems too low. See that it is straight and not worn",
    "0C00_0200_0002_0006": "The nozzle seems too high. Clean its tip",
    "0C00_0200_0002_0007": _LASER_DARK,
    "0C00_0200_0002_0008": _LASER_BLURRED,
    "0C00_0200_0002_0009": _LASER_BLURRED,
    "0C00_0300_0001_0009": _FIRST_LAYER_CHECK,
    "0C00_0300_0002_0001": _FIRST_LAYER_CHECK,
    "0C00_0300_0002_0002": _FIRST_LAYER_CHECK,
    "0C00_0300_0002_0004": _FIRST_LAYER_CHECK,
    "0C00_0300_0002_0005": _FIRST_LAYER_CHECK,
    "0C00_0300_0002_000C": "The marker of the build plate is not seen. Lay the plate right",
    "0C00_0300_0002_000F": _FIRST_LAYER_CHECK,
    "0C00_0300_0002_0010": "Something lies on the bed. Take it away",
    "0C00_0300_0002_0013": _BED_CHECK,
    "0C00_0300_0002_0014": _BED_CHECK,
    "0C00_0300_0002_0015": _BED_CHECK,
    "0C00_0300_0002_0016": _BED_CHECK,
    "0C00_0300_0002_0018": _BED_CHECK,
    "0C00_0300_0003_0006": "Filament waste may have piled up. Look at the chute",
    "0C00_0300_0003_0007": "There may be a defect in the first layer. Look at the print",
    "0C00_0300_0003_0008": "There may be spaghetti on the bed. Look at the print",
    "0C00_0300_0003_000B": "The printer looks at the first layer. Wait",
    "0C00_0300_0003_000D": "Parts may have come loose, or too little filament comes out. Look at the print",
    "0C00_0300_0003_000E": _NOTHING_COMES,
    "0C00_0300_0003_000F": "Filament is clumped on the nozzle. Clean it",
    "0C00_0300_0003_0010": _NOTHING_COMES,
}  # fmt: skip

_HEATERS = ("0100", "0200", "1E00", "9100", "9200")
# Whose level is not how bad they are for a person: heaters with a short circuit or too hot can burn.
CRITICAL_HMS = frozenset({f"0300_{part}_0001_000{code}" for part in _HEATERS for code in (1, 3)})
# What the printer's AI sees comes as a mere remark (level 3), and is why somebody watches at all.
HMS_ATTENTION = frozenset({f"0C00_0300_0003_00{code}" for code in ("06", "07", "08", "0D", "0E", "0F", "10")})
# What stops and spoils nothing.
HMS_NOTICES = frozenset(
    {f"0500_0200_0002_000{code}" for code in range(1, 9)}
    | {key for key, text in HMS_WORDS.items() if text in (_FIRST_LAYER_CHECK, _BED_CHECK)}
    | {"0500_0400_0001_0002", "0500_0500_0001_0007"}
)
