"""What goes wrong where: kinds of error, confusions, calibration, results by kind of object; how sure scores are."""
