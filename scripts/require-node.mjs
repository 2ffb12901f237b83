// Plain JavaScript on purpose: it must run, and explain itself, on the very Node it complains about.
const oldest = 24;
if (Number(process.versions.node.split('.')[0]) < oldest) {
  console.error(`Node ${process.versions.node} is running, but ${oldest} or newer is needed.`);
  console.error('The npm package `node` brings it, placed by its install script. Where npm skipped that script, run:');
  console.error('  npm rebuild node --ignore-scripts=false');
  process.exit(1);
}
