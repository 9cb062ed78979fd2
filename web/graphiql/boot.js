// The API explorer: GraphiQL on this origin's endpoint, subscriptions over its websocket, a few operations to
// begin with. React and GraphiQL are plain scripts before this module.
import { createClient } from 'graphql-ws';

const { React, ReactDOM, GraphiQL } = globalThis;

const EXAMPLES = [
  `# The newest public videos. Log in on the site first and the cookie works here too.
query NewestVideos {
  videos(first: 10, order: NEWEST) {
    nodes { id title state durationMs width height uploader { username } tags { name } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  `# Who you are here; null for a guest.
query WhoAmI {
  me { id username createdAt videoCount }
  site { signUp maxUploadBytes }
}
`,
  `# A page of the feed: the same seed gives the same order.
query Feed {
  feed(first: 5, seed: 7) {
    edges { why node { id title hlsUrl posterUrl averageStars ratingCount viewerStars } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  `# Begins an upload. Send each part by PUT to the addresses of signUploadParts, then completeUpload.
mutation BeginUpload {
  createUpload(input: { fileName: "holiday.mp4", size: 1048576, title: "Holiday", visibility: PRIVATE }) {
    id partSize partCount expiresAt
  }
}
`,
  `# Follows the processing of a video, the current value first. Put in the id of one of yours.
subscription Progress {
  videoProgress(videoId: "") { state playable stage percent etaMs failure { code message } }
}
`,
];

const socket = new URL('/graphql/ws', location.href);
socket.protocol = socket.protocol.replace('http', 'ws');

const fetcher = GraphiQL.createFetcher({
  url: '/graphql',
  wsClient: createClient({ url: socket.href }),
});

ReactDOM.createRoot(document.getElementById('explorer')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultEditorToolsVisibility: true,
    defaultTabs: EXAMPLES.map((query) => ({ query })),
  }),
);
