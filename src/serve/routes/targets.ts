/** Which pods of a cluster are tapped, and choosing others. */
import type { Targets, TargetsSummary } from '../api.ts';
import type { Api, ServeContext, TargetControl } from '../context.ts';
import { badParameter, notFound } from '../errors.ts';
import { apiErrorSchema, targetsSummarySchema } from '../schemas.ts';
import { targetChoiceSchema, targetsSchema } from '../target-schemas.ts';

/** Of a choice with thousands of pods by name. */
const bodyLimitBytes = 4 << 20;

export function targetsRoutes(app: Api, context: ServeContext): void {
  app.get(
    '/targets',
    {
      schema: {
        summary: 'What is tapped in the cluster, what is not and why, and how the tappers are',
        response: { 200: targetsSchema, 401: apiErrorSchema, 404: apiErrorSchema },
      },
    },
    (): Targets => controlOf(context).report(),
  );
  app.get(
    '/targets/summary',
    {
      schema: {
        summary: 'How many pods are tapped, and which nodes nobody reads',
        response: { 200: targetsSummarySchema, 401: apiErrorSchema, 404: apiErrorSchema },
      },
    },
    (): TargetsSummary => controlOf(context).summary(),
  );
  app.put(
    '/targets',
    {
      bodyLimit: bodyLimitBytes,
      schema: {
        summary: 'Taps other pods from now on',
        body: targetChoiceSchema,
        response: {
          200: targetsSchema,
          400: apiErrorSchema,
          401: apiErrorSchema,
          404: apiErrorSchema,
        },
      },
    },
    async ({ body }): Promise<Targets> => {
      const control = controlOf(context);
      const refusal = await control.choose(body);
      if (refusal !== undefined) throw badParameter(refusal);
      return control.report();
    },
  );
}

function controlOf({ targets }: ServeContext): TargetControl {
  if (targets === undefined) throw notFound('No cluster is tapped.');
  return targets;
}
