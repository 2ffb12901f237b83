import { NewPayment, Payment, PaymentHeaders } from './payment-routes.ts';
import {
  ChangedUser,
  Health,
  IdParams,
  Misbehaviour,
  NewUser,
  Page,
  PageOrCursor,
  Problem,
  Profile,
  User,
  UserWithProfile,
} from './schemas.ts';

const schemaOf = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const json = (description: string, schema: object): object => ({
  description,
  content: { 'application/json': { schema } },
});
const problem = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: schemaOf('Problem') } },
});
const body = (name: string): object => ({
  required: true,
  content: { 'application/json': { schema: schemaOf(name) } },
});

const header = (description: string, type: 'string' | 'integer' = 'string'): object => ({
  description,
  schema: { type },
});
const queryOf = ({ properties }: { properties: object }): object[] =>
  Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
const id = { name: 'id', in: 'path', required: true, schema: IdParams.properties.id };

const badRequest = problem('The request does not have the form described here; `errors` has the fields.');
const noSuchUser = problem('There is no such user.');
const emailTaken = problem('Another user has this e-mail address.');
const unavailable = {
  ...problem('`code` is overloaded, database-unavailable or database-timeout: try again after `Retry-After`.'),
  headers: { 'retry-after': header('Seconds.', 'integer') },
};
const paymentKey = header('The key of this payment, whether it was given or made.');
const tooLarge = problem('The body is too large.');
const noJson = problem('The body is not declared as JSON.');

/** The service described in OpenAPI 3.1; a test compares it with the routes. */
export const openApi = {
  openapi: '3.1.0',
  info: { title: 'Fusebox sample user service', version: '0.1.0', license: { name: 'Apache-2.0' } },
  paths: {
    '/users': {
      get: {
        operationId: 'listUsers',
        summary: 'Users, newest first',
        parameters: queryOf(PageOrCursor),
        responses: {
          200: {
            ...json('A page of users.', { type: 'array', items: schemaOf('User') }),
            headers: {
              link: header('first, prev, next and last page, as far as there are such (RFC 8288).'),
              'x-total-count': header(
                'How many users there are; not where the page is asked for by cursor.',
                'integer',
              ),
            },
          },
          400: badRequest,
          503: unavailable,
        },
      },
      post: {
        operationId: 'createUser',
        summary: 'Create a user',
        requestBody: body('NewUser'),
        responses: {
          201: {
            ...json('The new user.', schemaOf('User')),
            headers: { location: header('Path of the new user.') },
          },
          400: badRequest,
          409: emailTaken,
          413: tooLarge,
          415: noJson,
          503: unavailable,
        },
      },
    },
    '/users/{id}': {
      parameters: [id],
      get: {
        operationId: 'getUser',
        summary: 'One user, with the profile where that is to be had',
        responses: {
          200: json('The user.', schemaOf('UserWithProfile')),
          400: badRequest,
          404: noSuchUser,
          503: unavailable,
        },
      },
      put: {
        operationId: 'updateUser',
        summary: 'Change a user; without a password the stored one stays',
        requestBody: body('ChangedUser'),
        responses: {
          200: json('The changed user.', schemaOf('User')),
          400: badRequest,
          404: noSuchUser,
          409: emailTaken,
          413: tooLarge,
          415: noJson,
          503: unavailable,
        },
      },
      delete: {
        operationId: 'deleteUser',
        summary: 'Delete a user',
        responses: {
          204: { description: 'The user is gone.' },
          400: badRequest,
          404: noSuchUser,
          415: noJson,
          503: unavailable,
        },
      },
    },
    '/users/{id}/payments': {
      parameters: [id],
      post: {
        operationId: 'payForUser',
        summary: 'Pay, by the payment service',
        parameters: Object.entries(PaymentHeaders.properties).map(([name, schema]) => ({ name, in: 'header', schema })),
        requestBody: body('NewPayment'),
        responses: {
          201: { ...json('It is paid.', schemaOf('Payment')), headers: { 'idempotency-key': paymentKey } },
          400: badRequest,
          404: problem('There is no such user, or no payment service is set (`code` payments-not-set).'),
          413: tooLarge,
          415: noJson,
          '4XX': problem('The payment service rejected it (`code` payment-rejected), with this status.'),
          502: problem('The payment service failed (`code` payment-failed).'),
          503: {
            ...problem('`code` circuit-open: the payment service fails at present and was not asked; or as elsewhere.'),
            headers: unavailable.headers,
          },
          504: {
            ...problem('`code` payment-timeout: ask again with the same key to learn whether it was paid.'),
            headers: { 'idempotency-key': paymentKey },
          },
        },
      },
    },
    '/api/profiles': {
      get: {
        operationId: 'listProfiles',
        summary: 'Display names, newest user first',
        parameters: queryOf(Page),
        responses: {
          200: json('A page of profiles.', { type: 'array', items: schemaOf('Profile') }),
          400: badRequest,
          404: problem('The flag enable_profiles is off.'),
          503: unavailable,
        },
      },
    },
    '/healthz': {
      get: {
        operationId: 'health',
        summary: 'Whether the service runs',
        responses: { 200: json('It runs.', schemaOf('Health')) },
      },
    },
    '/readyz': {
      get: {
        operationId: 'readiness',
        summary: 'Whether the service should get requests',
        responses: {
          200: json('It should.', schemaOf('Health')),
          503: problem('The database does not answer, or the service is stopping.'),
        },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'describe',
        summary: 'This document',
        responses: { 200: json('OpenAPI 3.1.', { type: 'object' }) },
      },
    },
    '/misbehave': {
      get: {
        operationId: 'getMisbehaviour',
        summary: 'How the service misbehaves at present',
        responses: { 200: json('All fields.', schemaOf('Misbehaviour')) },
      },
      put: {
        operationId: 'setMisbehaviour',
        summary: 'Make every other route slow, failing or silent; an empty object ends it',
        requestBody: body('Misbehaviour'),
        responses: {
          200: json('What holds from now on.', schemaOf('Misbehaviour')),
          400: badRequest,
          413: tooLarge,
          415: noJson,
        },
      },
    },
  },
  components: {
    schemas: {
      User,
      UserWithProfile,
      NewUser,
      ChangedUser,
      Profile,
      NewPayment,
      Payment,
      Misbehaviour,
      Health,
      Problem,
    },
  },
};
