/** The version of every program built from this tree; a test keeps it equal to package.json. */
export const VERSION = '0.1.0';
