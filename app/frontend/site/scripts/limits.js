/**
 * The rules that the server enforces, repeated here only so that a person hears of them before
 * sending. A browser test holds them to the server's settings.
 */

export const PASSWORD_MIN_LENGTH = 12;
export const NAME_MAX_LENGTH = 80;
export const PICTURE_MAX_BYTES = 5 * 1024 * 1024;
export const PICTURE_SIDE = 512;
export const PICTURE_TYPES = Object.freeze({
  "image/png": "PNG",
  "image/jpeg": "JPEG",
  "image/webp": "WebP",
});

// What the page itself can take, for it sends only a small square of it.
export const SOURCE_MAX_BYTES = 32 * 1024 * 1024;
export const SOURCE_MAX_PIXELS = 100 * 1000 * 1000;

/** "PNG, JPEG or WebP" */
export function pictureTypeNames() {
  const names = Object.values(PICTURE_TYPES);
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** Bytes as a person reads them, unbreakable: "840 KB", "2.4 MB". */
export function readableSize(bytes) {
  const kib = bytes / 1024;
  if (kib < 1000) return `${Math.max(1, Math.round(kib))}\u00a0KB`;
  const mib = kib / 1024;
  return `${Number.isInteger(mib) ? mib : mib.toFixed(1)}\u00a0MB`;
}
