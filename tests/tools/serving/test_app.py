"""The page in a real browser: an image is dropped, boxes follow slider and filter, and the pyramid follows the hand."""

import base64
import re
import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sppnet.tools.serving.app import PAGE
from tests.tools.serving.conftest import square_file

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    BROWSER is None or find_spec("playwright") is None, reason="there is no Chromium, or no playwright, on this machine"
)
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
)
DROP = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], "squares.png", {type: "image/png"}));
  document.dispatchEvent(new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true}));
}"""
FILES = sorted(file.name for file in PAGE.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_no_file_of_the_page_names_anything_outside(client: httpx.Client, name: str) -> None:
    answer = client.get("/" if name == "index.html" else f"/{name}")

    assert answer.content == (PAGE / name).read_bytes()
    links = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", answer.text)
    assert [link for link in links if link != "http://www.w3.org/2000/svg"] == []
    assert "style=" not in answer.text and not re.search(r"\son\w+=\"", answer.text)  # which the policy forbids


def test_modules_import_modules_that_are_there() -> None:
    imported = {name for file in PAGE.glob("*.js") for name in re.findall(r'from "\./([\w.]+)"', file.read_text())}

    assert imported | {"main.js"} == {name for name in FILES if name.endswith(".js")}


@pytest.fixture(scope="module")
def page(client: httpx.Client) -> Iterator["tuple[Page, list[str]]"]:
    """The page with the squares dropped on it, and what goes wrong in the browser."""
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=BROWSER, args=list(OPTIONS), viewport={"width": 1000, "height": 800}
        )
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("request", lambda asked: wrong.append(asked.url) if outside(asked.url, client) else None)
        page.goto(str(client.base_url))
        page.wait_for_selector("#model option", state="attached")
        page.evaluate(DROP, base64.b64encode(square_file()).decode())
        page.wait_for_selector("#panel:not([hidden])")
        yield page, wrong
        browser.close()


def outside(url: str, client: httpx.Client) -> bool:
    return not url.startswith((str(client.base_url), "blob:", "data:"))


def boxes(page: "Page") -> list[str]:
    return [str(label) for label in page.eval_on_selector_all("#overlay .object", "all => all.map(a => a.ariaLabel)")]


@needs_browser
def test_slider_and_filter_act_at_once_without_a_request(page: "tuple[Page, list[str]]") -> None:
    shown, asked = page[0], []
    shown.on("request", lambda request: asked.append(request.url))

    shown.fill("#threshold", "0.05")
    all_of_them = boxes(shown)
    shown.uncheck("#classes label:has-text('red') input")
    only_blue = boxes(shown)
    shown.fill("#threshold", "1")
    none = boxes(shown)
    shown.fill("#threshold", "0.05")
    shown.check("#classes label:has-text('red') input")

    assert len(all_of_them) > len(only_blue) > len(none) == 0
    assert {label.partition(",")[0] for label in only_blue} == {"blue"}
    assert asked == []


@needs_browser
def test_an_object_that_is_chosen_is_explained_with_mouse_and_keyboard(page: "tuple[Page, list[str]]") -> None:
    shown = page[0]
    shown.click("#list li:first-child button")
    shown.wait_for_selector("#explanation table")
    by_mouse = shown.inner_text("#explanation h2")
    shown.locator("#overlay .object").first.focus()
    shown.keyboard.press("Enter")
    shown.wait_for_function("was => document.querySelector('#explanation h2').textContent !== was", arg=by_mouse)

    assert re.match(r"(red|blue): score \d\.\d\d, margin .\d", by_mouse)
    assert shown.locator("#overlay .bin").count() > 0


@needs_browser
def test_the_pyramid_follows_the_window_and_its_vector_stays_as_long(page: "tuple[Page, list[str]]") -> None:
    shown = page[0]
    shown.click("#tab-pyramid")
    shown.wait_for_selector("#overlay .bin")
    before, length = shown.inner_text("#pooled-size"), shown.inner_text("#vector-title")
    corner: Any = shown.locator("#overlay [data-corner=se]").bounding_box()
    shown.mouse.move(corner["x"] + 5, corner["y"] + 5)
    shown.mouse.down()
    shown.mouse.move(corner["x"] - 60, corner["y"] - 60, steps=4)
    shown.mouse.up()
    shown.wait_for_function("was => document.querySelector('#pooled-size').textContent !== was", arg=before)
    dragged = shown.get_attribute("#overlay .window", "aria-valuetext")
    shown.keyboard.press("ArrowLeft")

    assert shown.get_attribute("#overlay .window", "aria-valuetext") != dragged
    assert shown.inner_text("#vector-title") == length
    assert re.search(r"\d+ values", length)


@needs_browser
def test_windows_are_drawn_by_rank_and_nothing_went_wrong(page: "tuple[Page, list[str]]") -> None:
    shown, wrong = page
    shown.click("#tab-proposals")
    shown.fill("#ranks", "7")

    assert shown.inner_text("#ranks-value").startswith("7 of ")
    assert shown.evaluate(
        "document.getElementById('windows').getContext('2d').getImageData(0, 0, 400, 400).data.some(Boolean)"
    )
    assert wrong == []
