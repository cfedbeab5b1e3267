// Prototype, to know what plain epoll can reach: one thread, one pair, TCP only, edge-triggered, sends at once after a receive.
// Not a design and not for copying. Build: gcc -O2 relay_epoll.c -o relay_epoll
// Run: relay_epoll LISTEN_PORT UPSTREAM_PORT [BLOCK_BYTES]   (16384 for messages, 131072 or 262144 for bulk)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LEGS = 32768 };

// ending: the end came, perhaps behind bytes, and no further edge tells of it; held: what the peer's socket did not take yet
struct leg { int fd, peer, ended, readable, ending; char *held; int from, length; };
static struct leg legs[LEGS];
static int poller, one = 1, block_bytes = 16384;
static char *hot;  // the one block that every leg uses until a socket is full
static struct sockaddr_in upstream;

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}
static void drop(int fd) {
  int peer = legs[fd].peer;
  for (int i = 0; i < 2; i++) { struct leg *leg = &legs[i ? peer : fd]; free(leg->held); leg->held = NULL; leg->fd = 0; close(i ? peer : fd); }
}
static void pump(int fd) {  // move bytes from fd to its peer until one of them has enough
  struct leg *leg = &legs[fd];
  int peer = leg->peer;
  if (leg->held) {
    while (leg->from < leg->length) {
      ssize_t n = send(peer, leg->held + leg->from, leg->length - leg->from, MSG_NOSIGNAL);
      if (n < 0) { if (errno != EAGAIN) drop(fd); return; }
      leg->from += n;
    }
    free(leg->held);
    leg->held = NULL;
  }
  while (leg->readable && !leg->ended) {
    ssize_t n = recv(fd, hot, block_bytes, 0);
    if (n < 0) { if (errno == EAGAIN) { leg->readable = 0; return; } drop(fd); return; }
    if (n == 0) {
      leg->ended = 1;
      if (legs[peer].ended) drop(fd); else shutdown(peer, SHUT_WR);
      return;
    }
    ssize_t sent = 0;
    while (sent < n) {
      ssize_t m = send(peer, hot + sent, n - sent, MSG_NOSIGNAL);
      if (m < 0) {
        if (errno != EAGAIN) { drop(fd); return; }
        leg->held = malloc(n - sent);
        memcpy(leg->held, hot + sent, n - sent);
        leg->from = 0;
        leg->length = n - sent;
        return;
      }
      sent += m;
    }
    if (n < block_bytes && !leg->ending) return;  // a short read drained it; the next edge tells
  }
}
static void take(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int up = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (up < 0 || up >= LEGS || fd >= LEGS) { close(fd); if (up >= 0) close(up); continue; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(up, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connect(up, (struct sockaddr *)&upstream, sizeof upstream);
    legs[fd] = (struct leg){.fd = fd, .peer = up};
    legs[up] = (struct leg){.fd = up, .peer = fd};
    watch(up);
    watch(fd);
  }
}
int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "relay_epoll LISTEN_PORT UPSTREAM_PORT [BLOCK_BYTES]\n"), 2;
  if (argc > 3) block_bytes = atoi(argv[3]);
  hot = malloc(block_bytes);
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  upstream = here;
  upstream.sin_port = htons(atoi(argv[2]));
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return perror("bind"), 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int n = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) { take(fd); continue; }
      if (!legs[fd].fd) continue;
      if (events[i].events & EPOLLERR) { drop(fd); continue; }
      if (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) {
        if (events[i].events & (EPOLLRDHUP | EPOLLHUP)) legs[fd].ending = 1;
        legs[fd].readable = 1;
        pump(fd);
      }
      if (legs[fd].fd && (events[i].events & EPOLLOUT)) { int peer = legs[fd].peer; if (legs[peer].held || legs[peer].readable) pump(peer); }
    }
  }
}
