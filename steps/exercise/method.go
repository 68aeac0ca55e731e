package exercise

import (
	"strings"

	"nstutor/internal/say"
)

// order is how to look for any fault.
var order = say.T("Follow the packet, and ask in this order: is each device up, has it its address, which route, whose MAC, is it passed on, is it let through; then the same for the reply.",
	"跟着包走，依次问：网卡启用了吗，有地址吗，走哪条路由，MAC 是谁的，有没有人转发，有没有规则拦下；然后对应答再问一遍。")

// method is how one of the questions is answered: by which table, and by which line
// in it.
type method struct {
	table string // the beginning of the command that prints it, without its namespace
	say.Text
}

// methods are tried in this order.
var methods = []method{
	{"ip -s", say.T("The question here: does each device carry all of what it is given, all the time? `ip -s -s link` answers it: errors, dropped, and how often the carrier came and went; `tc -s qdisc` has the queues.",
		"这里该问：每块网卡都一直在、都没丢东西吗？看 `ip -s -s link`：errors、dropped，以及载波变化的次数；队列看 `tc -s qdisc`。")},
	{"ip -d", say.T("The question here: do the two ends of the tunnel name each other? `ip -d link` answers it: kind, local, remote and key of each end.",
		"这里该问：隧道两端互相写对了吗？看 `ip -d link`：两端各自的类型、local、remote 和 key。")},
	{"ip link", say.T("The question here: is somebody at both ends of every cable? `ip link` answers it: a line without UP or with NO-CARRIER, and the mtu.",
		"这里该问：每根线的两头都有人吗？看 `ip link`：哪一行没有 UP，或有 NO-CARRIER，以及 mtu。")},
	{"ip addr", say.T("The question here: has each end the right address and prefix length, and nobody the same? `ip addr` answers it: the inet lines.",
		"这里该问：两头的地址和前缀长度对吗，有没有人重复？看 `ip addr`：各个 inet 行。")},
	{"ip route", say.T("The question here: by which line does the packet leave? `ip route` answers it: of the lines that cover the destination, the one with the longest prefix. `ip route get` asks the kernel.",
		"这里该问：包按哪一行走？看 `ip route`：能覆盖目的地址的那些行里，前缀最长的一行。`ip route get` 可以直接问内核。")},
	{"ip neigh", say.T("The question here: whose MAC is on the frame? `ip neigh` answers it: the line of the next hop. FAILED says that nobody answers; a MAC can also be somebody else's.",
		"这里该问：帧上写的是谁的 MAC？看 `ip neigh`：下一跳那一行。FAILED 是没人回答；MAC 也可能是别人的。")},
	{"sysctl -a -r forward", say.T("The question here: does the machine in between pass on what is for others? `sysctl` answers it: the forwarding line of the device by which the packet comes in.",
		"这里该问：中间的机器肯转发别人的包吗？看 `sysctl`：包进来的那块网卡的 forwarding 一行。")},
	{"sysctl -a -r rp_filter", say.T("The question here: does the receiver believe the sender? `sysctl` answers it: rp_filter of the device by which the packet comes in, or of all; then the route back to the sender.",
		"这里该问：收包的机器相信这个源地址吗？看 `sysctl`：包进来的那块网卡的 rp_filter，或 all 的；再看回到源地址的路由。")},
	{"sysctl", say.T("The question here: does a switch of the kernel forbid it? `sysctl` answers it.",
		"这里该问：是不是内核的某个开关不许？看 `sysctl`。")},
	{"iptables -t nat", say.T("The question here: which source does the packet bear outside? The nat table answers it: the rule in POSTROUTING that covers the sender, and its counter.",
		"这里该问：包出去时写的是哪个源地址？看 nat 表：POSTROUTING 里管到发送者的规则，以及它的计数。")},
	{"iptables", say.T("The question here: does a rule drop it? The packet filter answers it: the line whose counter grows with every ping.",
		"这里该问：有没有规则把它丢掉？看过滤规则：每次 ping 计数都在增加的那一行。")},
	{"tcpdump", say.T("The question here: which source does the packet bear on its way? `tcpdump` answers it, on the device where it passes.",
		"这里该问：包在路上写的是哪个源地址？在它经过的网卡上用 `tcpdump` 看。")},
	{"conntrack", say.T("The question here: does the reply come back to where the request was translated? `conntrack -L` answers it: the entry whose reply was never seen (UNREPLIED).",
		"这里该问：应答回到转换请求的地方了吗？看 `conntrack -L`：没有见过应答（UNREPLIED）的那一条。")},
	{"cat /etc/resolv.conf", say.T("The question here: who is asked for the name, and does he answer? `/etc/resolv.conf` names the servers; then follow the way to them.",
		"这里该问：名字问的是谁，他应答吗？`/etc/resolv.conf` 里有服务器；再看到它们的路通不通。")},
	{"wg show", say.T("The question here: which peer is the address for? `wg show` answers it: the allowed ips of each peer, and the age of its handshake.",
		"这里该问：这个地址归哪个对端？看 `wg show`：每个对端的 allowed ips，以及上次握手是多久之前。")},
	{"ss", say.T("The question here: does anybody listen at that port? `ss` answers it: the line with the port.",
		"这里该问：那个端口有人监听吗？看 `ss`：带这个端口的那一行。")},
	{"", say.T("The question here: how far does the packet get? A ping to each machine on its way answers it.",
		"这里该问：包走到了哪里？沿途每台机器都 ping 一下就知道。")},
}

// methodOf is the method that goes with a table, by the words of the command that
// prints it in its namespace.
func methodOf(argv []string) say.Text {
	command := strings.Join(argv, " ")
	for _, m := range methods {
		if strings.HasPrefix(command, m.table) {
			return say.T("%s %s", "%s%s", order, m.Text)
		}
	}
	return order
}
