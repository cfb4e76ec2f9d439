/** Every round picture of the user on the page: initials until a picture is there and decoded. */

let latest = 0;

/** @returns {Promise<void>} once the picture shows, or its initials where there is none to show. */
export async function showAvatar(user) {
  const turn = ++latest;
  const places = document.querySelectorAll("[data-avatar]");
  for (const place of places) {
    place.querySelector(".avatar-initials").textContent = initialsOf(user.display_name);
  }
  const ready = user.avatar_url ? await decoded(user.avatar_url) : false;
  // A later call has overtaken this one.
  if (turn !== latest) return;
  for (const place of places) {
    const image = place.querySelector("img");
    image.hidden = !ready;
    if (ready) image.src = user.avatar_url;
    else image.removeAttribute("src");
  }
}

/** Loaded off the page first, so that the old picture stays until the new one can be drawn. */
async function decoded(url) {
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
