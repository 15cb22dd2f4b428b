/** Zod schemas as fastify's validators and types: parameters in, checked values out. */
import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { z } from 'zod';
import { badParameter } from './errors.ts';

/** Requests are typed by what their schema yields; answers by the types of `api.ts`. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: unknown;
}

/** A zod schema → a function that gives the parsed value, or a 400 that names the parameter. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: badParameter(issueText(result.error.issues[0])) };
  };
};

/** Answers are built from typed values, so they are written without checking them again. */
export const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

/** `limit: Too big: expected number to be <=1000` */
export function issueText(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'The parameters are not valid.';
  if (issue.code === 'unrecognized_keys') {
    return `${issue.keys.map((key) => `"${key}"`).join(', ')}: there is no such parameter`;
  }
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
