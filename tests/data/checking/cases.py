"""Ways to break the drawn data sets: what is done, and what must be said of it."""

from typing import NamedTuple

from .drawn import Break, added, both, copied, cut, drawn, edited, filled, gone, in_json

XML, IMAGE = "Annotations/a.xml", "JPEGImages/a.png"
COCO, COCO_VAL = "annotations/instances_train.json", "annotations/instances_val.json"
LABEL, SHAPES = "labels/train/a.txt", "train/a.json"
VAL_FILES = ("images/val/d.png", "images/val/e.png", "labels/val/d.txt", "labels/val/e.txt")
OBJECT = "<object><name>dog</name>.*?</object>"
BOX = "<xmin>2</xmin><ymin>3</ymin><xmax>20</xmax><ymax>22</ymax>"
MANY = [f"c.png,{x},2,{x + 9},{y},dog" for x in range(1, 30, 3) for y in (12, 20)]


def csv_line(text: str) -> Break:
    return added("train.csv", f"images/train/{text},0,0\n")


def bounds(*edges: object) -> str:
    xmin, ymin, xmax, ymax = edges
    return f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"


def coco(**changes: object) -> Break:
    return in_json(COCO, lambda content: content["annotations"][0].update(changes))


def coco_image(**changes: object) -> Break:
    return in_json(COCO, lambda content: content["images"][0].update(changes))


def shape(**changes: object) -> Break:
    return in_json(SHAPES, lambda content: content["shapes"][0].update(changes))


class Case(NamedTuple):
    format: str
    broken: Break
    kind: str
    told: str  # part of where and what
    rename: dict[str, str] | None = None


CASES = {
    # images
    "voc: no image": Case("voc", gone(IMAGE), "missing-image", "a.xml: .*a.jpg: no such file"),
    "voc-xml: no image": Case("voc-xml", gone("train/a.png"), "missing-image", "a.xml: .*no such file"),
    "coco: no image": Case("coco", gone("train/a.png"), "missing-image", r"image number 1 \(a.png\): .*no such file"),
    "yolo: no image": Case("yolo", gone("images/train/a.png"), "missing-image", "a.txt: .*no such file"),
    "labelme: no image": Case("labelme", gone("train/a.png"), "missing-image", "a.json: .*no such file"),
    "csv: no image": Case("csv", gone("images/train/a.png"), "missing-image", "line 2: .*no such file"),
    "voc: empty image": Case("voc", filled(IMAGE, ""), "broken-image", "a.png: the file is empty"),
    "coco: half an image": Case("coco", cut("train/a.png", 0.5), "broken-image", "a.png: damaged"),
    "yolo: no image inside": Case("yolo", filled("images/train/a.png", "x"), "broken-image", "a.png: not a JPEG"),
    "csv: a header and no more": Case("csv", cut("images/train/a.png", 0.02), "broken-image", "a.png: damaged"),
    "labelme: HTML for an image": Case(
        "labelme", filled("train/a.png", "<html>"), "broken-image", "begins with b'<html"
    ),
    "voc-xml: a bomb": Case(
        "voc-xml",
        filled("train/a.png", b"BM" + bytes(12) + b"\x28\0\0\0" + b"\xff\xff\0\0" * 2 + b"\1\0\x18\0" + bytes(24)),
        "broken-image",
        "65535 x 65535 pixels",
    ),
    # annotations
    "voc: junk for XML": Case("voc", filled(XML, "junk"), "annotation", "a.xml: no readable XML"),
    "voc: no XML": Case("voc", gone(XML), "annotation", "a.xml: cannot be read"),
    "voc: a DOCTYPE": Case("voc", edited(XML, "<annotation>", "<!DOCTYPE a><annotation>"), "annotation", "DOCTYPE"),
    "voc: another root": Case("voc", filled(XML, "<html/>"), "annotation", "must be <annotation>, got <html>"),
    "voc: a line that leads elsewhere": Case(
        "voc", added("ImageSets/Main/train.txt", "../x\n"), "annotation", "train.txt: line 4: .*plain name"
    ),
    "voc-xml: junk for XML": Case("voc-xml", filled("train/a.xml", "<annotation>"), "annotation", "no readable XML"),
    "coco: an object that is none": Case(
        "coco",
        in_json(COCO, lambda content: content["annotations"].append(7)),
        "annotation",
        "number 5: an annotation must be an obj",
    ),
    "coco: an object of no image": Case("coco", coco(image_id=99), "annotation", "no image with the id 99"),
    "coco: an image number that is text": Case(
        "coco", coco_image(id="one"), "annotation", "number 1: id must be a who"
    ),
    "coco: a number used twice": Case(
        "coco", coco_image(id=2), "annotation", "image number 2: the id 2 must be used on"
    ),
    "coco: a path out of the folder": Case("coco", coco_image(file_name="../x"), "annotation", "inside the data set"),
    "coco: half a file": Case("coco", cut(COCO, 0.5), "annotation", "train.json: no readable JSON"),
    "csv: too few columns": Case(
        "csv", added("train.csv", "a.png,1\n"), "annotation", "line 6: must have 8 columns, has 2"
    ),
    "csv: an open quote": Case("csv", added("train.csv", '"a.png'), "annotation", "line 6: unexpected end"),
    "csv: no name of an image": Case("csv", added("train.csv", ",1,2,9,9,dog,0,0\n"), "annotation", "line 6: the name"),
    "labelme: half a file": Case("labelme", cut(SHAPES, 0.5), "annotation", "a.json: no readable JSON"),
    "labelme: no shapes": Case("labelme", filled(SHAPES, "{}"), "annotation", "shapes must be a list"),
    "yolo: labels that are no text": Case(
        "yolo", filled(LABEL, b"\xff\xfe\xff"), "annotation", "a.txt: cannot be read"
    ),
    # objects
    "voc: an edge that is no number": Case(
        "voc", edited(XML, BOX, bounds("two", 3, 20, 22)), "bad-object", "got 'two'"
    ),
    "voc: NaN": Case(
        "voc", edited(XML, BOX, bounds("nan", 3, 20, 22)), "bad-object", "xmin must be a number, got 'nan'"
    ),
    "voc: no box": Case("voc", edited(XML, "<bndbox>.*?</bndbox>", ""), "bad-object", "object 1 .*needs a bndbox"),
    "voc: no name": Case("voc", edited(XML, "<name>dog</name>", ""), "bad-object", "object 1 .*needs a name"),
    "coco: a box of three numbers": Case("coco", coco(bbox=[1, 2, 3]), "bad-object", "must be x, y, width and height"),
    "coco: NaN": Case("coco", coco(bbox=[1, 2, float("nan"), 9]), "bad-object", "bbox must be a number, got nan"),
    "yolo: a word": Case("yolo", added(LABEL, "0 .5 .5 x .1\n"), "bad-object", "line 3: each word .*got 'x'"),
    "yolo: three numbers": Case("yolo", added(LABEL, "0 .5 .5 .1\n"), "bad-object", "line 3: .*has 3 numbers"),
    "yolo: pixels for shares": Case(
        "yolo", added(LABEL, "0 5 5 8 8\n"), "bad-object", "line 3: numbers must be shares"
    ),
    "labelme: a circle": Case("labelme", shape(shape_type="circle"), "bad-object", "shape 1: .*must be a rectangle"),
    "labelme: one point": Case("labelme", shape(points=[[1, 2]]), "bad-object", "shape 1: .* of 1 points"),
    "csv: an edge that is no number": Case(
        "csv", added("train.csv", "c.png,a,2,9,9,dog,0,0\n"), "bad-object", "got 'a'"
    ),
    "csv: no class": Case("csv", csv_line("c.png,1,2,9,9,"), "bad-object", "needs a class"),
    "yolo: a class that there is not": Case("yolo", added(LABEL, "77 .5 .5 .2 .2\n"), "unknown-class", "no class 77"),
    "coco: a category that there is not": Case(
        "coco", coco(category_id=99), "unknown-class", "no category with the id 99"
    ),
    # boxes
    "voc: outside": Case("voc", edited(XML, BOX, bounds(2, 3, 90, 22)), "outside", "40 x 30, got x 1 to 90, y 2 to 22"),
    "voc-xml: outside": Case("voc-xml", edited("train/a.xml", BOX, bounds(2, -9, 20, 22)), "outside", "y -10 to 22"),
    "coco: outside": Case("coco", coco(bbox=[-5, 2, 20, 20]), "outside", r"annotation 1: .* x -5 to 15"),
    "yolo: outside": Case("yolo", added(LABEL, "0 .9 .5 .5 .5\n"), "outside", "line 3: .* x 26 to 46"),
    "labelme: outside": Case("labelme", shape(points=[[1, 2], [20, 50]]), "outside", "shape 1: .* y 2 to 50"),
    "csv: outside": Case("csv", csv_line("c.png,1,2,60,9,dog"), "outside", "line 6: .*1 to 60"),
    "voc: nothing inside": Case("voc", edited(XML, BOX, bounds(50, 3, 60, 22)), "outside", "x 49 to 60"),
    "coco: nothing inside": Case("coco", coco(bbox=[41, 2, 20, 20]), "outside", "x 41 to 61"),
    "voc: reversed": Case("voc", edited(XML, BOX, bounds(20, 3, 2, 22)), "reversed", "xmin <= xmax .*got x 20 to 2"),
    "voc-xml: reversed": Case("voc-xml", edited("train/a.xml", BOX, bounds(2, 22, 20, 3)), "reversed", "y 22 to 3"),
    "coco: a negative width": Case("coco", coco(bbox=[20, 2, -9, 9]), "reversed", "must be positive, got x 20 to 11"),
    "csv: reversed": Case("csv", csv_line("c.png,9,2,1,9,dog"), "reversed", "x 9 to 1"),
    "coco: no width": Case("coco", coco(bbox=[1, 2, 0, 9]), "no-area", "must be positive, got x 1 to 1"),
    "yolo: no height": Case("yolo", added(LABEL, "0 .5 .5 .2 0\n"), "no-area", "line 3: .*positive"),
    "labelme: a point": Case("labelme", shape(points=[[1, 2], [1, 2]]), "no-area", "shape 1: .*positive"),
    "csv: no area": Case("csv", csv_line("c.png,9,2,9,9,dog"), "no-area", "line 6: .*9 to 9"),
    "voc: twice": Case("voc", edited(XML, f"({OBJECT})", r"\1\1"), "repeated-box", "object 2 .* overlaps object 1"),
    "coco: twice": Case(
        "coco",
        in_json(COCO, lambda content: content["annotations"].append({**content["annotations"][0], "id": 77})),
        "repeated-box",
        "annotation 77: .*overlaps annotation 1",
    ),
    "yolo: twice": Case("yolo", added(LABEL, "0 .5 .5 .2 .2\n0 .5 .5 .2 .2\n"), "repeated-box", "line 4: .*line 3"),
    "labelme: twice": Case(
        "labelme",
        in_json(SHAPES, lambda content: content["shapes"].append(content["shapes"][0])),
        "repeated-box",
        "shape 3: .*overlaps shape 1",
    ),
    "csv: twice": Case("csv", csv_line("a.png,1,2,20,22,dog"), "repeated-box", "line 6: .*line 2"),
    "csv: two classes": Case("csv", csv_line("a.png,1,2,20,22,cow"), "two-classes", r"\(cow\): .*line 2 \(dog\)"),
    # sizes
    "voc: exchanged": Case(
        "voc", edited(XML, "<width>40(.*?)30<", r"<width>30\g<1>40<"), "swapped-size", "got 30 x 40"
    ),
    "coco: exchanged": Case("coco", coco_image(width=30, height=40), "swapped-size", "width and height are exchanged"),
    "labelme: resized": Case(
        "labelme",
        in_json(SHAPES, lambda content: content.update(imageWidth=80, imageHeight=60)),
        "wrong-size",
        "resized",
    ),
    "voc: another size": Case("voc", edited(XML, "<width>40", "<width>77"), "wrong-size", "40 x 30, got 77 x 30"),
    "voc: another picture": Case("voc", drawn(IMAGE, 9, size=(18, 9)), "wrong-size", "another picture"),
    "voc-xml: turned by hand": Case(
        "voc-xml", drawn("train/b.png", 9, size=(30, 40)), "swapped-size", "turned by hand"
    ),
    "voc: turned by EXIF": Case("voc", drawn(IMAGE, 9, orientation=6), "turned", "30 x 40, got 40 x 30.*lying"),
    "coco: turned by EXIF": Case("coco", drawn("train/a.png", 9, orientation=8), "turned", "EXIF orientation 8"),
    "csv: turned by EXIF": Case("csv", drawn("images/train/b.png", 9, orientation=6), "turned", "fit the lying one"),
    "yolo: turned by EXIF": Case("yolo", drawn("images/train/a.png", 9, orientation=6), "orientation", "a.png: EXIF"),
    # copies
    "voc: in two splits": Case("voc", added("ImageSets/Main/val.txt", "a\n"), "shared", "a.png: in train and val"),
    "coco: bytes in two splits": Case("coco", copied("train/a.png", "val/d.png"), "shared", "same bytes"),
    "yolo: pixels in two splits": Case("yolo", drawn("images/val/d.png", 0, compress_level=0), "shared", "same pixels"),
    "csv: a copy": Case("csv", copied("images/train/a.png", "images/train/b.png"), "copy", "b.png: has the same bytes"),
    "labelme: nearly the same": Case("labelme", drawn("val/d.png", 0, format="JPEG"), "near-copy", "of 64 bits differ"),
    "voc: a line twice": Case(
        "voc", added("ImageSets/Main/train.txt", "a\n"), "repeated-entry", "line 4 repeats line 1"
    ),
    "coco: an image twice": Case(
        "coco",
        in_json(COCO, lambda content: content["images"].append({**content["images"][0], "id": 77})),
        "repeated-entry",
        "a.png: must be listed once",
    ),
    # classes
    "voc: case": Case("voc", edited(XML, "dog", "Dog"), "class-spelling", "'Dog' with 1 .*'dog'", {"Dog": "dog"}),
    "coco: spaces": Case(
        "coco",
        in_json(COCO_VAL, lambda content: content["categories"][11].update(name="do g")),
        "class-spelling",
        "'do g' with 1 .*'dog'",
        {"do g": "dog"},
    ),
    "csv: misspelt": Case(
        "csv",
        both(*map(csv_line, MANY), csv_line("b.png,1,1,9,9,dogg")),
        "misspelt",
        "'dogg' has 1 objects, 'dog' 2",
        {"dogg": "dog"},
    ),
    "voc: none of VOC's": Case(
        "voc", edited(XML, "cat", "carr"), "misspelt", "none of VOC's; did you mean 'car'", {"carr": "car"}
    ),
    "csv: few": Case("csv", lambda root: None, "few", "class 'dog' has 3 objects"),
    # splits and what else there is
    "voc: an empty split": Case("voc", filled("ImageSets/Main/val.txt", "\n"), "empty-split", "val: must list images"),
    "csv: an empty split": Case("csv", filled("val.csv", "image,xmin,ymin,xmax,ymax,class\n"), "empty-split", "val"),
    "yolo: an empty split": Case("yolo", both(*map(gone, VAL_FILES)), "empty-split", "val"),
    "yolo: no objects": Case("yolo", filled(LABEL, ""), "background", "train: 1 of 3 images"),
    "voc: from 0": Case("voc", edited(XML, BOX, bounds(0, 0, 20, 22)), "counting", "2 edges are at 0"),
    "voc: an odd mark": Case(
        "voc", edited(XML, "<difficult>0", "<difficult>Unspecified"), "odd-mark", "got 'Unspecified'"
    ),
}
