/** From a chosen file to pixels, or to the sentence that says why not. */

import { PICTURE_TYPES, SOURCE_MAX_BYTES, SOURCE_MAX_PIXELS } from "../limits.js";
import {
  pictureUnreadable, pictureWrongType, sourceTooLarge, sourceTooManyPixels,
} from "../ui/messages.js";

/** @returns {Promise<{bitmap?: ImageBitmap, refusal?: string}>} upright, as the camera was held */
export async function opened(file) {
  if (!(file.type in PICTURE_TYPES)) return { refusal: pictureWrongType() };
  if (file.size > SOURCE_MAX_BYTES) return { refusal: sourceTooLarge() };
  const url = URL.createObjectURL(file);
  try {
    // An image tells its size before all its pixels are unpacked.
    const { naturalWidth: width, naturalHeight: height } = await loaded(url);
    if (width * height > SOURCE_MAX_PIXELS) return { refusal: sourceTooManyPixels() };
    return { bitmap: await createImageBitmap(file, { imageOrientation: "from-image" }) };
  } catch {
    return { refusal: pictureUnreadable() };
  } finally {
    URL.revokeObjectURL(url);
  }
}

function loaded(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = url;
  });
}
