// The download button saves the notebook; from disk, the copy that the page carries.
document.addEventListener("DOMContentLoaded", () => {
  const source = document.getElementById("notebook-source");
  const link = document.querySelector("a.btn-download-source-button");
  if (!source || !link) return;
  const { name, text } = JSON.parse(source.textContent);
  link.download = name;
  link.removeAttribute("target");
  if (location.protocol === "file:") {
    const type = "application/x-ipynb+json";
    link.href = URL.createObjectURL(new Blob([text], { type }));
  }
});
