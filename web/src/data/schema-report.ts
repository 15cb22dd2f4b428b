/** The shapes of `/schema-files`. */

/** Without its content: a file that was given before stays as it is. */
export interface GivenFile {
  readonly name: string;
  readonly content?: string;
}
