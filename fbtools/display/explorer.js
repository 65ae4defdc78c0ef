// Sliders of a static page: the picture, its description and its sound follow them. A copy stands
// in every explorer, with NAME replaced by the identifier of its figure.
(() => {
  for (const root of document.querySelectorAll('[id="NAME"]')) {
    if (root.dataset.ready) continue;
    root.dataset.ready = "1";
    const data = JSON.parse(root.querySelector("script").textContent);
    const picture = root.querySelector("img");
    const sound = root.querySelector(".fb-frame-sound");
    const sliders = [...root.querySelectorAll("input")];
    let shown = data.initial;
    data.frames[shown][0] = picture.src;
    const show = () => {
      let at = 0;
      sliders.forEach((slider, k) => {
        const texts = data.texts[k];
        const text = texts[slider.value];
        at = at * texts.length + Number(slider.value);
        slider.setAttribute("aria-valuetext", text);
        slider.nextElementSibling.textContent = text;
      });
      if (at === shown) return;
      shown = at;
      [picture.src, picture.alt] = data.frames[at];
      sound.innerHTML = data.frames[at][2];
    };
    for (const slider of sliders) slider.addEventListener("input", show);
    root.querySelector(".fb-controls").hidden = false;
    show();
  }
})();
