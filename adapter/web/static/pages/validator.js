// A file dropped anywhere on the page goes into the form's file field; the form is sent at once.
"use strict";

const form = document.getElementById("again");
const holdsFile = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  form.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  form.elements.file.files = event.dataTransfer.files;
  form.requestSubmit();
});
// A chosen file is what is sent: the text that was there would only travel along.
form.addEventListener("formdata", (event) => {
  if (form.elements.file.files.length) event.formData.delete("text");
});
