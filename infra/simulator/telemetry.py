"""A printer's own reports (MQTT `print`), and how BambUI merges them into one status.

Names, types and constant values are those of the recordings of P1 and A1 printers. BambUI merges key by key
into one dictionary, from which three keys vanish (infra/docs/bambui-protocol.md).
"""

import copy
import math
from collections.abc import Mapping
from typing import Any

from infra.simulator.scenarios import Job, Print
from infra.simulator.timeline import Segment

_BUSY = frozenset({"PREPARE", "RUNNING"})
_VANISHING = ("mc_percent", "layer_num", "mc_remaining_time")


class MergedStatus:
    """`data` of a `printer_status`: everything the printer ever said, the newest of each key."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data: dict[str, Any] = dict(data)

    def merge(self, fields: Mapping[str, Any]) -> bool:
        """Merge one report; True if the printer became busy by it (a start or a resume)."""
        before = self.data.get("gcode_state")
        self.data.update(fields)
        became_busy = self.data.get("gcode_state") in _BUSY and before not in _BUSY
        if became_busy:
            for key in _VANISHING:
                self.data.pop(key, None)
        return became_busy


class PhotoPoints:
    """The four points of a print at which BambUI wants a fresh image before it goes on."""

    def __init__(self) -> None:
        self._passed: set[str] = set()

    def start_anew(self) -> None:
        self._passed.clear()

    def is_new_point(self, data: Mapping[str, Any]) -> bool:
        """Whether this status reaches one of the points for the first time since the start."""
        reached = {
            "layer": data.get("layer_num", 0) >= 2,
            "half": data.get("mc_percent", 0) >= 50,
            "almost": 0 < data.get("mc_remaining_time", 0) <= 3,
            "end": data.get("gcode_state") == "FINISH",
        }
        new = {point for point, is_reached in reached.items() if is_reached} - self._passed
        self._passed |= new
        return bool(new)


_LOADED_AT, _HEATED_AT, _COOLED_AT, _LAST_LAYER_AT = 0.14, 0.12, 0.967, 0.95
_STAGES = ((0.015, 255), (0.035, 2), (0.07, 14), (0.10, 13), (_HEATED_AT, 1), (_LOADED_AT, 4))
_LINES = 149_542


def _tray(number: str, kind: str, brand: str, color: str) -> dict[str, Any]:
    return {
        "id": number, "remain": -1, "k": 0.02, "n": 1, "cali_idx": -1, "tag_uid": "0" * 16,
        "tray_id_name": "", "tray_info_idx": "GFA00", "tray_type": kind, "tray_sub_brands": brand,
        "tray_color": color, "tray_weight": "1000", "tray_diameter": "1.75", "tray_temp": "55",
        "tray_time": "8", "bed_temp_type": "0", "bed_temp": "0", "nozzle_temp_max": "230",
        "nozzle_temp_min": "190", "xcam_info": "0" * 24, "tray_uuid": "0" * 32, "ctype": 0,
        "cols": [color],
    }  # fmt: skip


def filament_unit(temperature: float) -> dict[str, Any]:
    """The one unit of the filament changer, with its trays and its own temperature (degrees)."""
    return {
        "id": "0",
        "humidity": "5",
        "temp": f"{temperature:.1f}",
        "tray": [
            _tray("0", "PLA", "PLA Basic", "FF6A13FF"),
            _tray("1", "PLA", "PLA Matte", "042F56FF"),
            _tray("2", "PETG", "PETG HF", "161616FF"),
            {"id": "3"},
        ],
    }


_EXTERNAL_SPOOL = {
    "id": "254", "tag_uid": "0" * 16, "tray_id_name": "", "tray_info_idx": "", "tray_type": "",
    "tray_sub_brands": "", "tray_color": "00000000", "tray_weight": "0", "tray_diameter": "0.00",
    "tray_temp": "0", "tray_time": "0", "bed_temp_type": "0", "bed_temp": "0", "nozzle_temp_max": "0",
    "nozzle_temp_min": "0", "xcam_info": "0" * 24, "tray_uuid": "0" * 32, "remain": 0, "k": 0.02,
    "n": 1, "cali_idx": -1,
}  # fmt: skip

_IDLE_REPORT: dict[str, Any] = {
    "ipcam": {
        "ipcam_dev": "1", "ipcam_record": "enable", "timelapse": "disable", "resolution": "1080p",
        "tutk_server": "disable", "mode_bits": 3,
    },
    "upload": {"status": "idle", "progress": 0, "message": ""},
    "net": {"conf": 16, "info": [{"ip": 0, "mask": 0}]},
    "nozzle_temper": 24.0, "nozzle_target_temper": 0, "bed_temper": 23.0, "bed_target_temper": 0,
    "chamber_temper": 5, "mc_print_stage": "1", "heatbreak_fan_speed": "0", "cooling_fan_speed": "0",
    "big_fan1_speed": "0", "big_fan2_speed": "0", "mc_percent": 0, "mc_remaining_time": 0,
    "ams_status": 0, "ams_rfid_status": 0, "hw_switch_state": 0, "spd_mag": 100, "spd_lvl": 2,
    "print_error": 0, "lifecycle": "product", "wifi_signal": "-48dBm", "gcode_state": "IDLE",
    "gcode_file_prepare_percent": "0", "queue_number": 0, "queue_total": 0, "queue_est": 0,
    "queue_sts": 0, "project_id": "0", "profile_id": "0", "task_id": "0", "subtask_id": "0",
    "subtask_name": "", "gcode_file": "", "stg": [], "stg_cur": 255, "print_type": "idle",
    "home_flag": 6505752, "mc_print_line_number": "0", "mc_print_sub_stage": 0, "sdcard": True,
    "force_upgrade": False, "mess_production_state": "active", "layer_num": 0, "total_layer_num": 0,
    "s_obj": [], "filam_bak": [], "fan_gear": 0, "nozzle_diameter": "0.4",
    "nozzle_type": "stainless_steel", "cali_version": 0, "k": "0.0200", "flag3": 15,
    "upgrade_state": {
        "sequence_id": 0, "progress": "", "status": "IDLE", "consistency_request": False,
        "dis_state": 0, "err_code": 0, "force_upgrade": False, "message": "0%, 0B/s", "module": "",
        "new_version_state": 2, "cur_state_code": 0, "idx2": 0, "new_ver_list": [],
    },
    "hms": [],
    "online": {"ahb": False, "rfid": False, "version": 1709863228},
    "ams": {
        "ams": [filament_unit(0.0)], "ams_exist_bits": "1", "tray_exist_bits": "7",
        "tray_is_bbl_bits": "7", "tray_tar": "255", "tray_now": "255", "tray_pre": "255",
        "tray_read_done_bits": "7", "tray_reading_bits": "0", "version": 3, "insert_flag": True,
        "power_on_flag": False,
    },
    "vt_tray": _EXTERNAL_SPOOL,
    "lights_report": [{"node": "chamber_light", "mode": "on"}],
    "command": "push_status", "msg": 0, "sequence_id": "0",
}  # fmt: skip


def whole_report(model: str) -> dict[str, Any]:
    """Everything an idle printer of that model says when it is asked for all."""
    report = copy.deepcopy(_IDLE_REPORT)
    if model in {"P1S", "P1P"}:
        report["ipcam"]["resolution"] = ""
    return report


def answer_fields(job: Job, identity: int) -> dict[str, Any]:
    """The printer's answer to `project_file`, which carries the names before anything else does."""
    file = _file(job)
    return {
        **_identities(job, identity), "subtask_name": job.name, "command": "project_file",
        "sequence_id": "20007", "param": "Metadata/plate_1.gcode", "url": f"ftp://{file}", "file": file,
        "bed_type": "auto", "timelapse": False, "bed_leveling": True, "flow_cali": False,
        "vibration_cali": True, "layer_inspect": False, "use_ams": True, "result": "success",
        "reason": "success",
    }  # fmt: skip


def filament_fields(share: float, *, is_printing: bool) -> Mapping[str, str | int] | None:
    """What part of `ams` the printer sends at that share of a print; None before the first filament."""
    if not is_printing or share < _HEATED_AT:
        return None
    if share < _LOADED_AT:
        return {"tray_tar": "0"}
    if share < _COOLED_AT:
        return {"tray_now": "0", "tray_pre": "0", "version": 4}
    return {"tray_tar": "255", "tray_now": "255", "tray_pre": "255", "version": 5}


def moving_fields(segment: Segment, at: float, identity: int, model: str) -> dict[str, Any]:
    """The fields that change over a print, temperatures and Wi-Fi left out, at that script second."""
    share = segment.share(at)
    is_active = segment.state in {"RUNNING", "PAUSE"}
    is_hot = is_active and share < _COOLED_AT
    is_extruding = is_hot and share >= _LOADED_AT
    fields: dict[str, Any] = {
        "gcode_state": segment.state,
        "mc_print_stage": {"RUNNING": "2", "PAUSE": "3"}.get(segment.state, "1"),
        "print_error": segment.print_error,
        "hms": [{"attr": attribute, "code": code} for attribute, code in segment.hms],
        "stg": [2, 14, 13, 1, 4] if is_active else [],
        "stg_cur": _stage(segment, share) if is_active else 255,
        "nozzle_target_temper": (220 if share >= _HEATED_AT else 140) if is_hot else 0,
        "bed_target_temper": 60 if is_hot else 0,
        "cooling_fan_speed": "15" if is_extruding else "0",
        "big_fan1_speed": "12" if is_extruding and model == "P1S" else "0",
        "fan_gear": 9895935 if is_extruding else 0,
        "ams_status": 0 if not is_hot or share < _HEATED_AT else 258 if share < _LOADED_AT else 768,
        "hw_switch_state": int(segment.number > 0 or (segment.shown is not None and share >= _LOADED_AT)),
        "gcode_file_prepare_percent": _download(segment, at),
    }
    if segment.named:
        fields |= _names(segment, segment.named.job, identity)
    if segment.shown:
        fields |= _progress(segment.shown, share, is_running=segment.state == "RUNNING")
    return fields


def _names(segment: Segment, job: Job, identity: int) -> dict[str, Any]:
    is_over = segment.state in {"FINISH", "FAILED"}
    return {
        **_identities(job, identity),
        "subtask_name": job.name,
        "gcode_file": "" if is_over else _file(job),
        "print_type": "idle" if is_over else "cloud" if job.is_cloud else "local",
    }


def _identities(job: Job, identity: int) -> dict[str, str]:
    if not job.is_cloud:
        return {"project_id": "0", "profile_id": "0", "task_id": "0", "subtask_id": "0"}
    return {
        "project_id": str(identity), "profile_id": str(identity - 6_000_000),
        "task_id": str(identity * 2), "subtask_id": str(identity * 2 + 1),
    }  # fmt: skip


def _file(job: Job) -> str:
    return job.name + (".3mf" if job.is_cloud else ".gcode.3mf")


def _progress(run: Print, share: float, *, is_running: bool) -> dict[str, Any]:
    layers = run.job.layers
    built = (share - _LOADED_AT) / (_LAST_LAYER_AT - _LOADED_AT)
    layer = 0 if built < 0 else min(layers, 1 + int(built * layers))
    remaining = math.ceil(run.job.minutes * max(0.0, _LAST_LAYER_AT - share))
    return {
        "mc_percent": min(99 if is_running else 100, int(share * 100 + 1e-9)),
        "mc_remaining_time": run.job.minutes if share < 0.01 else remaining,
        "layer_num": layer,
        "total_layer_num": layers,
        "mc_print_line_number": str(int(_LINES * min(1.0, max(0.0, built)))),
    }


def _stage(segment: Segment, share: float) -> int:
    if segment.stage is not None:
        return segment.stage
    for below, stage in _STAGES:
        if share < below:
            return stage
    return 0 if share < _COOLED_AT else 255


def _download(segment: Segment, at: float) -> str:
    if segment.state != "PREPARE" or segment.named is None or not segment.named.job.is_cloud:
        return "0" if segment.named is None or segment.state == "IDLE" else "100"
    part = (at - segment.begins) / (segment.ends - segment.begins)
    return str(min(100, int(part * 110)))
