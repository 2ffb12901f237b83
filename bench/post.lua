-- What `wrk -s` needs to send a body of 10 KiB.
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/octet-stream'
wrk.body = string.rep('x', 10240)
