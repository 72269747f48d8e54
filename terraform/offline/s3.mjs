// A bucket for the state, so that `terraform init -backend-config=backend.hcl` works without AWS. Terraform is led here by HTTP_PROXY
// and by AWS's own variables for endpoints. It answers what the S3 backend asks, and Security Token Service's one question.
import { createServer } from 'node:http';

/** @returns {Promise<{ env: Record<string, string>, written: Buffer[], close: () => void }>} */
export async function startBucket() {
  const objects = new Map();
  /** Everything that was ever written, because a bucket with versions keeps it. */
  const written = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const { body = '', status } = answer(request, Buffer.concat(parts));
      response.writeHead(status, {
        'content-type': 'application/xml',
        // The backend reads in pieces until it has as much.
        ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...(status === 200 ? { etag: '"1"' } : {}),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });

  function answer({ headers, method, url }, body) {
    const { host, pathname, searchParams } = new URL(url, `http://${headers.host}`);
    if (host.startsWith('sts.')) return { status: 200, body: IDENTITY };
    const key = decodeURIComponent(pathname.slice(1));
    if (searchParams.has('list-type')) {
      const found = [...objects.keys()].filter((each) => each.startsWith(searchParams.get('prefix') ?? ''));
      const keys = found.map((each) => `<Contents><Key>${each}</Key></Contents>`).join('');
      return { status: 200, body: `<ListBucketResult><KeyCount>${found.length}</KeyCount>${keys}</ListBucketResult>` };
    }
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && objects.has(key))
        return { status: 412, body: error('PreconditionFailed') };
      objects.set(key, headers['content-encoding'] === 'aws-chunked' ? unchunked(body) : body);
      written.push(objects.get(key));
      return { status: 200 };
    }
    if (method === 'DELETE') {
      objects.delete(key);
      return { status: 204 };
    }
    if (key !== '' && !objects.has(key)) return { status: 404, body: error('NoSuchKey') };
    return { status: 200, body: objects.get(key) };
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    written,
    env: {
      HTTP_PROXY: `http://127.0.0.1:${server.address().port}`,
      AWS_ENDPOINT_URL_S3: 'http://s3.offline.test',
      AWS_ENDPOINT_URL_STS: 'http://sts.offline.test',
      AWS_ACCESS_KEY_ID: 'offline',
      AWS_SECRET_ACCESS_KEY: 'offline',
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const error = (code) => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/operator</Arn><UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;

/** Takes the signed pieces of AWS's encoding apart: size;signature, line end, bytes, line end. */
function unchunked(body) {
  const parts = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, end).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
