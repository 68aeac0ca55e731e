package cause

import "nstutor/internal/say"

// NotMasqueraded: the request leaves with a source that nobody outside can route back.
const NotMasqueraded Code = "not-masqueraded"

var _ = register(Cause{
	Code:  NotMasqueraded,
	Words: say.T("the request leaves with a source that nobody outside can route back", "请求带着外面无法路由回来的源地址离开"),
	Table: []string{"iptables", "-t", "nat", "-vnL", "POSTROUTING"},
})
