package check

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"nstutor/diag/probe"
	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// BlockedTCP checks that no page is fetched.
func BlockedTCP(from, addr string) Check {
	return Check{
		Text:  say.T("%s does not get http://%s", "%s 打不开 http://%s", from, addr),
		Table: change.In(from, "curl", "http://"+addr),
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			ok, seen, err := get(ctx, l, from, addr)
			return !ok, seen, err
		},
	}
}

func get(ctx context.Context, l *lab.Lab, from, addr string) (bool, string, error) {
	ns, err := l.NS(from)
	if err != nil {
		return false, "", err
	}
	r := probe.Get(ctx, ns, "http://"+addr, l.PingTimeout())
	if r.OK {
		return true, fmt.Sprintf("HTTP %d", r.Status), ctx.Err()
	}
	return false, r.Message, ctx.Err()
}

// Fetches checks that a page is fetched. The address may have a port.
func Fetches(from, addr string) Check {
	ask := Question{From: from, To: addr, Port: 80}
	if at, err := netip.ParseAddrPort(addr); err == nil {
		ask.To, ask.Port = at.Addr().String(), at.Port()
	}
	return Check{
		Text:  say.T("%s gets http://%s", "%s 打得开 http://%s", from, addr),
		Table: change.In(from, "curl", "http://"+addr),
		Ask:   ask,
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			return get(ctx, l, from, addr)
		},
	}
}

// FetchesAs is Fetches, and the server has to have seen that client.
func FetchesAs(from, addr, client string) Check {
	c := Fetches(from, addr)
	c.Text = say.T("%s gets http://%s, seen as %s", "%s 打得开 http://%s，服务器看见的客户端是 %s", from, addr, client)
	c.run = func(ctx context.Context, l *lab.Lab) (bool, string, error) {
		ns, err := l.NS(from)
		if err != nil {
			return false, "", err
		}
		r := probe.Get(ctx, ns, "http://"+addr, l.PingTimeout())
		saw, server, ok := lab.ReadVisit(r.Body)
		if !ok {
			return false, r.Message, ctx.Err()
		}
		return saw == client, "client=" + saw + " server=" + server, ctx.Err()
	}
	return c
}

// connections are as many as a draw between a few servers needs to fall on each.
const connections = 24

// FetchesAll checks that every one of many connections is answered.
func FetchesAll(from, addr string) Check {
	c := Fetches(from, addr)
	c.Text = say.T("%s gets http://%s every time", "%s 每次都打得开 http://%s", from, addr)
	c.run = func(ctx context.Context, l *lab.Lab) (bool, string, error) {
		ns, err := l.NS(from)
		if err != nil {
			return false, "", err
		}
		lost := steps.Reached(ctx, ns, "http://"+addr, connections)[""]
		return lost == 0, fmt.Sprintf("%d/%d", connections-lost, connections), ctx.Err()
	}
	return c
}

// Answered checks that a datagram from a certain port is answered.
func Answered(from, addr string, port, srcPort uint16) Check {
	tried := steps.Watch{Netns: from, Ask: fmt.Sprintf("%s:%d", addr, port), SrcPort: srcPort}.Tried()
	return Check{
		Text:  say.T("%s gets an answer: %s", "%s 得到应答：%s", from, tried.Command()),
		Table: change.In(from, strings.Fields(tried.Command())...),
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			ns, err := l.NS(from)
			if err != nil {
				return false, "", err
			}
			r := tried.Try(ctx, ns, l.PingTimeout()/2)
			return r.Outcome == probe.Replied, r.Message, ctx.Err()
		},
	}
}
