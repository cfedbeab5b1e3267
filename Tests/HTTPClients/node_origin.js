// The origin of node's http module: answers with what it was asked, in the shape of the field x-want.
'use strict'
const http = require('http')
const crypto = require('crypto')

const pairs = (raw) => raw.reduce((all, text, at) => {
  if (at % 2) all[all.length - 1].push(text); else all.push([text])
  return all
}, [])

const answer = (request, response, hash, length) => {
  const view = JSON.stringify({
    method: request.method, target: request.url, fields: pairs(request.rawHeaders),
    sha256: hash.digest('hex'), length, trailers: pairs(request.rawTrailers)
  })
  const want = request.headers['x-want'] || ''
  response.sendDate = true
  response.setHeader('X-Twice', ['1', '2, 3'])
  response.setHeader('X-Empty', '')
  response.setHeader('x-SPELLED', 'a  b\tc')
  response.statusMessage = 'Quite Fine'
  if (want === '204') return response.writeHead(204).end()
  if (want === '304') return response.writeHead(304, { ETag: '"a"' }).end()
  if (want === 'early') response.writeEarlyHints({ link: '</a.css>; rel=preload' })
  if (want === 'chunked' || want === 'trailers') {
    response.writeHead(200, want === 'trailers' ? { Trailer: 'X-Sum, X-End' } : {})
    for (let at = 0; at < view.length; at += 100) response.write(view.slice(at, at + 100))
    if (want === 'trailers') response.addTrailers({ 'X-Sum': String(view.length), 'X-End': '' })
    return response.end()
  }
  if (want === 'close') response.setHeader('Connection', 'close')
  response.setHeader('Content-Length', Buffer.byteLength(view))
  response.end(view)
}

const server = http.createServer({ keepAliveTimeout: 30000, joinDuplicateHeaders: false }, (request, response) => {
  if (request.headers['x-want'] === 'mirror') return request.pipe(response)
  const hash = crypto.createHash('sha256')
  let length = 0
  request.on('data', (data) => { hash.update(data); length += data.length })
  request.on('end', () => answer(request, response, hash, length))
})
server.maxHeadersCount = 500
server.listen(Number(process.argv[2]), '127.0.0.1')
