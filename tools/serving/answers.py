"""The answers of the server as OpenAPI describes them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Box = tuple[float, float, float, float]
BOX = "x1 y1 x2 y2 in pixels of the upright image, right and bottom edge outside"


class Problem(BaseModel):
    """Every refusal."""

    error: str = Field(description="One line: the rule that was broken, and the value.")


class Scored(BaseModel):
    """An object."""

    label: str
    score: float = Field(description="Estimated probability that it is right, from 0 to 1.")
    box: Box = Field(description=BOX)


class Found(Scored):
    """An object, and the margin of its window."""

    margin: float = Field(description="What the score was estimated from.")


class Record(BaseModel):
    """An image as `sppnet detect --format json` writes it."""

    image: str = Field(description="The file name that came along, without folders.")
    width: int
    height: int
    detections: list[Found] = Field(description="Best first.")
    milliseconds: dict[str, float] = Field(description="By stage.")
    warnings: list[str] = Field(default=[], description="What was wrong with a file that was used all the same.")


class Seen(Record):
    """An image that is kept for further questions."""

    id: str
    model: str
    classes: list[str]
    confidence: float = Field(description="The model's own least score of a detection.")
    windows: list[Box] = Field(description=f"Those proposed, best first: {BOX}.")


class Baseline(BaseModel):
    """What R-CNN makes of the windows of a kept image."""

    note: str = Field(description="What it is made of.")
    windows: int = Field(description="How many were convolved.")
    milliseconds: dict[str, float] = Field(description="By stage, windows not counted.")
    detections: list[Scored] | None = Field(description="None where it is good for the time only.")


class Model(BaseModel):
    """A model that is served."""

    name: str
    method: str
    backbone: str
    classes: list[str]
    confidence: float
    scores: str
    scales: list[int]


class Health(BaseModel):
    """What the server is doing."""

    status: str
    version: str
    requests: int = Field(description="Places taken: one request computes, the others wait.")
    places: int


class View(BaseModel):
    """What one map adds to the vector of a window: cells, bins and their strength."""

    model_config = ConfigDict(extra="allow")

    view: str
    map: str
    stride: int
    channels: int
    cells: tuple[int, int, int, int]
    box: Box
    levels: list[dict[str, Any]]


class Pyramid(BaseModel):
    """What is pooled for a window."""

    box: Box
    scale: int
    dimensions: int = Field(description="Length of the vector, the same for every window.")
    views: list[View]
    vector: list[float]


class Explanation(BaseModel):
    """Why a window scored what it scored."""

    model_config = ConfigDict(extra="allow")

    label: str
    score: float
    margin: float
    window: Box
    box: Box
    exact: bool
    best: dict[str, Any]
    second: dict[str, Any] | None
    pooled: dict[str, Any]
