-- What `wrk -s` needs to ask for a flag as a provider of OpenFeature does.
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
wrk.body = '{"context":{"targetingKey":"user-42","email":"ada.lovelace@example.com","plan":"gold"}}'
