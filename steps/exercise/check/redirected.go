package check

import (
	"context"
	"strconv"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps/service"
)

// Redirected checks that what a namespace sends to an address and port goes to a port of
// its own instead.
func Redirected(netns, to string, port int) Check {
	own := "127.0.0.1:" + strconv.Itoa(port)
	rules := service.Rule{Netns: netns, For: []service.Sent{{To: to, Wants: []string{own}}}}
	return Check{
		Text:  say.T("what %s sends to %s goes to its own port %d first", "%s 发往 %s 的连接先到它自己的 %d 端口", netns, to, port),
		Table: change.In(netns, "nft", "list", "ruleset"),
		run: func(ctx context.Context, l *lab.Lab) (bool, string, error) {
			for _, c := range rules.Conditions(ctx, l) {
				if c.Err != nil || !c.Met {
					return false, c.Seen, c.Err
				}
			}
			return true, "", nil
		},
	}
}
