import { SourceError } from '../source-error.ts';

/** The capture filter cannot be understood, or asks for what is not supported. */
export class FilterError extends SourceError {
  /** Where in the expression, in characters from 0. */
  readonly position: number;

  constructor(position: number, sentence: string) {
    super('bad-filter', `capture filter, character ${position + 1}: ${sentence}`);
    this.name = 'FilterError';
    this.position = position;
  }
}
