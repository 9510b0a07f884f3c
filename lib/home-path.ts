/**
 * What may be the path of a state directory: absolute, not the root of the machine, at most 60 characters (the paths of
 * its sockets must fit into 107 bytes), and none that would need quoting in the files of the parts that run in it.
 */
export const HOME_PATH = {
  pattern: /^(?=.{2,60}$)(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/,
  rule: 'must be an absolute path of at most 60 letters, digits, dots, hyphens, underscores and slashes, and not / itself',
} as const;
