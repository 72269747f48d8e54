// What the pictures share that are drawn as SVG.

/** @returns {number} the value with one decimal at most */
export function n(value) {
  return Number(value.toFixed(1));
}

/** @returns {string} the text as it stands in SVG */
export function escaped(text) {
  return String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
