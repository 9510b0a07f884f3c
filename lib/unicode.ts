/** True for text that can be written as UTF-8: no half of a surrogate pair stands alone in it. */
export function isText(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}
