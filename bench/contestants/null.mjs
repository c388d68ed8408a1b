// The null server on the port that the suite has chosen.
process.argv[2] = process.env.PORT;
await import('../null-server.mjs');
