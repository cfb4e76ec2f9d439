/** Every round picture of the user on the page: initials until a picture is there and decoded. */

let latest = 0;

/** Shows the initials where nothing is yet, and the picture as soon as it can be drawn. */
export async function showAvatar({ display_name, avatar_url }) {
  const turn = ++latest;
  const places = document.querySelectorAll("[data-avatar]");
  for (const place of places) {
    place.querySelector(".avatar-initials").textContent = initialsOf(display_name);
  }
  if (!avatar_url) {
    for (const place of places) draw(place, null);
    return;
  }
  // The old picture stays until the new one can be drawn.
  const ready = await canBeDrawn(avatar_url);
  // A later call has overtaken this one.
  if (turn !== latest) return;
  for (const place of places) draw(place, ready ? avatar_url : null);
}

function draw(place, url) {
  const image = place.querySelector("img");
  image.hidden = !url;
  if (!url) image.removeAttribute("src");
  else if (image.getAttribute("src") !== url) image.src = url;
}

async function canBeDrawn(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}

/** "Ada Lovelace" → "AL", "ada" → "A"; by code point, so that no emoji is cut in half. */
export function initialsOf(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => Array.from(word)[0].toLocaleUpperCase()).join("") || "?";
}
