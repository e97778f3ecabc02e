// SPDX-License-Identifier: MIT
// usage: client.js WAY HOST PORT: write http://HOST:PORT/pattern to standard output
'use strict';
const [way, host, port] = process.argv.slice(2);

function fail(error) {
	console.error(error);
	process.exit(1);
}

if (way === 'http') {
	require('http').get({ host, port, path: '/pattern' }, (response) => {
		response.on('error', fail);
		response.pipe(process.stdout);
	}).on('error', fail);
} else {
	const socket = require('net').connect(port, host, () => socket.write('GET /pattern\r\n'));
	socket.on('error', fail);
	socket.pipe(process.stdout);
}
