"""Files and folders that appear complete or not at all. `data`, which imports nothing, links here."""

from .partials import becomes
from .whole import recover_folder, whole_file, whole_folder, whole_path, write_whole

__all__ = ["becomes", "recover_folder", "whole_file", "whole_folder", "whole_path", "write_whole"]
