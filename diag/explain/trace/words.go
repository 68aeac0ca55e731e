package trace

import "nstutor/internal/say"

// What is said of a hop, and of what is not followed.
var (
	wBeyond        = say.F("who has %s is beyond %s", "谁有 %s，要看 %s 的外面")
	wPassedOver    = say.F("%s comes before %s: is it meant to?", "%s 先于 %s 生效：是有意的吗？")
	wAlsoIn        = say.F("%s is in the network %s, too: is %s there? (ip route get)", "%s 也在网段 %s 里：%s 会不会在那边？（ip route get）")
	wHowUnknown    = say.F("how a frame gets from %s to %s cannot be told", "帧怎样从 %s 到 %s，无法判断")
	wTunnelled     = say.F("tunnels in tunnels are not followed any further", "隧道里还有隧道，未再跟踪")
	wBelow         = say.F("what is below %s: %s", "%s 的底层：%s")
	wItsWay        = say.F("the way of its packet", "它的封装包怎么走")
	wOwn           = say.F("%s is an address of this namespace", "%s 是该命名空间的地址")
	wListens       = say.F("a socket listens on %s", "有套接字在 %s 上监听")
	wProxied       = say.F("%s answers for %s by proxy ARP", "%s 用代理 ARP 替 %s 应答")
	wAnswers       = say.F("%s answers for %s", "%[2]s 由 %[1]s 应答")
	wAsksThrough   = say.F("%s asks who has %s through the tunnel", "%s 经隧道发出 who-has %s")
	wOpens         = say.F("%s opens the packet of the tunnel", "%s 解开隧道封装")
	wBack          = say.F("the reply is back at %s", "应答回到 %s")
	wSentElsewhere = say.F("a rule of %s sends the frame elsewhere, which is not followed", "%s 上的规则把帧改送别处，未跟踪下去")
	wCarriedOut    = say.F("%s out of %s, in a packet to %s", "%s 从 %s 发出，封装在发往 %s 的包里")
	wNotUsed       = say.F("%s: not used while the wire is dead (ignore_routes_with_linkdown)", "%s：链路不通，因此不用（ignore_routes_with_linkdown）")
	wAnswer        = say.F("the kernel answers %s", "内核的答复是 %s")
	wBalanced      = say.F("the virtual service %s sends it to %s", "虚拟服务 %s 把它转给 %s")
	wServers       = say.F("the virtual service %s chooses from %d servers, which is not followed behind rules that have drawn already", "虚拟服务 %s 从 %d 个后端服务器里选；前面的规则已经选过一次，未再跟踪")
	wToServer      = say.F("ip_vs sends it to %s through a tunnel of its own, which is not followed", "ip_vs 用自己的隧道把它送往 %s，未跟踪下去")
	wEnclosed      = say.F("%s in a packet of ip_vs to %s", "%s 由 ip_vs 封装在发往 %s 的包里")
	wHasToo        = say.F("%[1]s gets it as it is, and answers by itself: it has to have %[2]s, say on lo, with arp_ignore=1 and arp_announce=2", "%[1]s 收到的就是原样的包，并且自己直接应答：它要有地址 %[2]s（例如配在 lo 上），并设 arp_ignore=1、arp_announce=2")
	wUnwraps       = say.F("%[1]s opens it, and answers by itself: it has to have %[2]s, an %[3]s device that is up, and no rp_filter on that", "%[1]s 解开它，并且自己直接应答：它要有地址 %[2]s 和一个已启用的 %[3]s 设备，且该设备不开 rp_filter")
	wRoutesDown    = say.F("%[1]s of %[2]s is down, and its routes with it: nothing here says whether one of them led to %[3]s",
		"%[2]s 的 %[1]s 处于 down 状态，它的路由也随之失效：其中有没有到 %[3]s 的，这里没有线索")
	wHanded = say.F("handed to the transparent proxy on port %d; what that makes of it is not followed", "已交给端口 %d 上的透明代理；代理怎样处理，未跟踪下去")
	wIn     = say.F("%s into %s", "%s 从 %s 进入")
	wOut    = say.F("%s out of %s", "%s 从 %s 发出")
)
