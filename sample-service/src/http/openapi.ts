import {
  changedUserSchema,
  healthSchema,
  idSchema,
  misbehaviourSchema,
  newUserSchema,
  pageSchema,
  problemSchema,
  profileSchema,
  userSchema,
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

const page = Object.entries(pageSchema.properties).map(([name, schema]) => ({ name, in: 'query', schema }));
const id = { name: 'id', in: 'path', required: true, schema: idSchema.properties.id };

const badRequest = problem('The request does not have the form described here.');
const noSuchUser = problem('There is no such user.');
const emailTaken = problem('Another user has this e-mail address.');

/** The service described in OpenAPI 3.1; a test compares it with the routes. */
export const openApi = {
  openapi: '3.1.0',
  info: { title: 'Fusebox sample user service', version: '0.1.0', license: { name: 'Apache-2.0' } },
  paths: {
    '/users': {
      get: {
        operationId: 'listUsers',
        summary: 'Users, newest first',
        parameters: page,
        responses: { 200: json('A page of users.', { type: 'array', items: schemaOf('User') }), 400: badRequest },
      },
      post: {
        operationId: 'createUser',
        summary: 'Create a user',
        requestBody: body('NewUser'),
        responses: {
          201: {
            ...json('The new user.', schemaOf('User')),
            headers: { location: { description: 'Path of the new user.', schema: { type: 'string' } } },
          },
          400: badRequest,
          409: emailTaken,
        },
      },
    },
    '/users/{id}': {
      parameters: [id],
      get: {
        operationId: 'getUser',
        summary: 'One user',
        responses: { 200: json('The user.', schemaOf('User')), 400: badRequest, 404: noSuchUser },
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
        },
      },
      delete: {
        operationId: 'deleteUser',
        summary: 'Delete a user',
        responses: { 204: { description: 'The user is gone.' }, 400: badRequest, 404: noSuchUser },
      },
    },
    '/api/profiles': {
      get: {
        operationId: 'listProfiles',
        summary: 'Display names, newest user first',
        parameters: page,
        responses: { 200: json('A page of profiles.', { type: 'array', items: schemaOf('Profile') }), 400: badRequest },
      },
    },
    '/healthz': {
      get: {
        operationId: 'health',
        summary: 'Whether the service runs',
        responses: { 200: json('It runs.', schemaOf('Health')) },
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
        responses: { 200: json('What holds from now on.', schemaOf('Misbehaviour')), 400: badRequest },
      },
    },
  },
  components: {
    schemas: {
      User: userSchema,
      NewUser: newUserSchema,
      ChangedUser: changedUserSchema,
      Profile: profileSchema,
      Misbehaviour: misbehaviourSchema,
      Health: healthSchema,
      Problem: problemSchema,
    },
  },
};
