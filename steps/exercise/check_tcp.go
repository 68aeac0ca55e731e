package exercise

import (
	"context"
	"fmt"

	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// BlockedTCP checks that no page is fetched.
func BlockedTCP(from, addr string) Check {
	return Check{
		Text:  say.T("%s does not get http://%s", "%s 打不开 http://%s", from, addr),
		Table: say.Quote(fmt.Sprintf("ip netns exec %s curl http://%s", from, addr)),
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
