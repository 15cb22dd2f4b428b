/** Errors that users of the API see: one shape, made here and nowhere else. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from './api.ts';

/** An answer other than success, on purpose: status and what to tell. */
export class ApiProblem extends Error {
  readonly statusCode: number;
  readonly detail: ApiError['error'];

  constructor(statusCode: number, detail: ApiError['error']) {
    super(detail.message);
    this.statusCode = statusCode;
    this.detail = detail;
  }
}

export function badParameter(message: string): ApiProblem {
  return new ApiProblem(400, { code: 'bad_parameter', message });
}

/** `error` carries the place in the filter. */
export function badFilter(error: ApiError['error']): ApiProblem {
  return new ApiProblem(400, { ...error, code: 'bad_filter' });
}

export function unauthorized(): ApiProblem {
  return new ApiProblem(401, {
    code: 'unauthorized',
    message:
      'A token is needed: open the address that Mizu printed, or send "Authorization: Bearer TOKEN".',
  });
}

export function forbidden(message: string): ApiProblem {
  return new ApiProblem(403, { code: 'forbidden', message });
}

export function notFound(message: string): ApiProblem {
  return new ApiProblem(404, { code: 'not_found', message });
}

/** The one catch at the boundary: whatever a route throws becomes an `ApiError`. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const problem = asProblem(error);
  // A search that ended because its client went away is no failure.
  if (problem.statusCode >= 500 && !reply.raw.destroyed) {
    // The route's pattern and never the address: an address may hold a token.
    request.log.error({ err: error, route: request.routeOptions.url }, 'request failed');
  }
  if (problem.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="mizu"');
  const body: ApiError = { error: problem.detail };
  return reply.code(problem.statusCode).send(body);
}

function asProblem(error: FastifyError): ApiProblem {
  if (error instanceof ApiProblem) return error;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    return new ApiProblem(status, { code: 'bad_request', message: error.message });
  }
  return new ApiProblem(500, {
    code: 'internal',
    message: 'Mizu failed to answer; its log says why.',
  });
}
