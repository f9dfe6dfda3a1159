"""Find objects in a photograph, learn drawn shapes, and find those: `python quickstart.py`, in an empty folder."""

from pathlib import Path

from matplotlib.cbook import get_sample_data

from sppnet import SPPNet, open_data
from sppnet.tools.command.shapes import write_shapes

# The model in the box, on a photograph that is installed along.
model = SPPNet.load("voc07")
found = model(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))
print(found)
found.save("officer.jpg")

# A model of your own: here of six drawn pictures, as a folder in the layout of Pascal VOC.
write_shapes(Path("shapes"), train=6, val=2)
train = open_data("shapes", split="train")
model = SPPNet(train.classes).fit(train)
model.confidence = 0.3  # is saved with the model, and what a call returns at least
model.save("shapes-model")

# What it finds in pictures that it has not seen.
for picture, target in open_data("shapes", split="val", classes=train.classes):
    for detection in SPPNet.load("shapes-model")(picture):
        print(detection.name, f"{detection.score:.2f}", detection.box)
    print("there are", [train.classes[label] for label in target["labels"]])
