package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/say"
)

// Diverted is a device that is down, and that a filter of traffic control sends all packets to
// which another one sends or receives (tcf_mirred_act()): it is LinkDown.
type Diverted struct {
	cause.DeviceDown
	By cause.Obstructed // the filter
}

// Detail names the filter and both devices.
func (d Diverted) Detail() say.Text {
	return say.T("a tc filter (%[1]s, %[2]s) on %[3]s redirects every packet to %[4]s, which is down: all are lost",
		"%[3]s 上的 tc 过滤器（%[1]s，%[2]s）把所有包都重定向到 %[4]s，而它处于 down 状态：包全部丢失", d.By.What.Called(), d.By.Side, d.By.Dev, d.Link.Name)
}
