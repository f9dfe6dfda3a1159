// Four ways for an image to come in: dropped, pasted, picked, photographed.

import { $ } from "./drawing.js";

const ENDINGS = /\.(jpe?g|jfif|png|bmp|webp|tiff?|avif|hei[cf])$/i;

export function takeImages(give, complain) {
  const choose = (files) => {
    const image = [...files].find((file) => file.type.startsWith("image/") || ENDINGS.test(file.name));
    if (image) give(image);
    else complain(files.length ? `${files[0].name} is no image` : "there is no image file in that; addresses are not fetched");
  };
  for (const input of [$("pick"), $("shot")]) {
    input.addEventListener("change", () => {
      if (input.files.length) choose(input.files);
      input.value = "";
    });
  }
  document.addEventListener("paste", (event) => choose(event.clipboardData.files));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    $("stage").classList.add("over");
  });
  document.addEventListener("dragleave", () => $("stage").classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    $("stage").classList.remove("over");
    choose(event.dataTransfer.files);
  });
  $("photograph").addEventListener("click", () => photograph(give, complain));
}

// Over plain HTTP from another machine there is no camera for pages: then the phone's own takes the picture.
async function photograph(give, complain) {
  if (!navigator.mediaDevices) return $("shot").click();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch (error) {
    return complain(`there is no camera to be had: ${error.message}`);
  }
  const video = $("preview");
  const end = () => {
    stream.getTracks().forEach((track) => track.stop());
    $("camera").close();
  };
  video.srcObject = stream;
  $("camera").showModal();
  $("camera").oncancel = end;
  $("leave").onclick = end;
  $("shutter").onclick = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    end();
    canvas.toBlob((blob) => give(new File([blob], "photograph.jpg", { type: "image/jpeg" })), "image/jpeg", 0.92);
  };
}
