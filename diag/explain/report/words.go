package report

import "nstutor/internal/say"

// The texts of the report. The sentences of the answer itself are in package
// cause, and where the walk tells its way.
var (
	rHere              = say.F("here", "此处")
	rThisNetns         = say.F("this namespace", "本命名空间")
	rIn                = say.F("in %s", "在 %s")
	rInHere            = say.F("here", "在此处")
	rAnsweredAfterAll  = say.F("%s reaches %s, against the prediction: %s", "%s 能到达 %s，与预测不符：%s")
	rBrokenAfterAll    = say.F("%s cannot reach %s, against the prediction: %s", "%s 到不了 %s，与预测不符：%s")
	rCannotTell        = say.F("cannot tell whether %s reaches %s: %s (%s)", "无法判断 %s 能否到达 %s：%s（%s）")
	rBroken            = say.F("%s cannot reach %s: %s", "%s 到不了 %s：%s")
	rSometimes         = say.F("%s reaches %s only now and then: %s", "%s 到 %s 时通时断：%s")
	rBrokenUnknown     = say.F("%s cannot reach %s, and why cannot be told: %s (%s)", "%s 到不了 %s，原因无法判断：%s（%s）")
	rFault             = say.F("%s (%s, %s)", "%s（%s，%s）")
	rFaultElsewhere    = say.F("it stops here, but the fault is %s: %s", "断在这里，根源%s：%s")
	rRequest           = say.F("request", "请求")
	rReply             = say.F("reply", "应答")
	rInBy              = say.F("in by %s", "从 %s 进入")
	rOutBy             = say.F("out by %s", "从 %s 发出")
	rAnd               = say.F("%s; %s", "%s；%s")
	rComma             = say.F(", ", "、")
	rNotReached        = say.F("not reached: %s", "未到达：%s")
	rNotReachedNoReply = say.F("not reached: %s; so there is no reply", "未到达：%s；因此没有应答")
	rNoReply           = say.F("so there is no reply", "因此没有应答")
	rNoFurther         = say.F("it gets no further", "到此为止")
	rEvidence          = say.F("evidence", "依据")
	rFix               = say.F("fix", "修复")
	rNext              = say.F("broken behind it as well", "此外还有")
	rUncoded           = say.F("%s (%s)", "%s（%s）")
	rNextMended        = say.F("broken behind it as well, and mended by the same commands", "此外还有（上面的命令一并修好）")
	rNotices           = say.F("wrong on its way as well, though it did not stop this", "途中还有问题（这一次没有因此中断）")
	rBeyond            = say.F("%s gets no answer from %s: %s", "%s 得不到 %s 的应答：%s")
	rBeyondRefuses     = say.F("%s is refused on its way to %s: %s", "%s 到 %s 的请求被拒绝：%s")
	rRefusalBack       = say.F("what came back by %s is a refusal", "从 %s 回来的是拒绝")
	rNothingBack       = say.F("nothing came back by %s", "%s 上没有任何回应")
	rNothingSent       = say.F("nothing could be sent, so what comes back by %s is not known", "没能发出任何包，%s 上会有什么回应无从得知")
	rReached           = say.F("%s reached %s when the file was written: whoever answered is not in it", "写文件时 %s 能到达 %s：应答的一方不在文件里")
	rRecorded          = say.F("when the file was written", "写文件时")
	rUnseen            = say.F("what could not be seen", "没能看到的")
)

// protocolWords are the words that depend on what was asked about.
type protocolWords struct {
	answered, wouldBeAnswered say.Form
	probe                     say.Form // the heading of what became of what was sent
}

var pingWords = protocolWords{
	say.F("%s reaches %s: the ping is answered", "%s 能到达 %s：ping 有应答"),
	say.F("%s reaches %s: a ping would be answered", "%s 能到达 %s：ping 应当会有应答"),
	say.F("ping", "ping"),
}

var ofProtocol = map[string]protocolWords{
	"icmp":   pingWords,
	"icmpv6": pingWords,
	"tcp": {
		say.F("%s reaches %s: the connection opens", "%s 能到达 %s：连接能建立"),
		say.F("%s reaches %s: a connection would open", "%s 能到达 %s：连接应当能建立"),
		say.F("connection", "连接"),
	},
	"udp": {
		say.F("%s reaches %s: the datagram is answered", "%s 能到达 %s：数据报有应答"),
		say.F("%s reaches %s: a datagram would arrive at whoever listens", "%s 能到达 %s：数据报应当能送到监听的程序"),
		say.F("datagram", "数据报"),
	},
}

// The words for a datagram that arrives and is not answered, which a program need
// not do; and for where a request is translated to, and who takes it.
var (
	rArrives        = say.F("%s reaches %s: the datagram arrives; it is not answered, which a program need not do", "%s 能到达 %s：数据报送到了；没有应答，程序本来也可以不应答")
	rService        = say.F("service", "服务")
	rLingering      = say.F("flows of this client from other ports", "这个客户端从别的端口发出的流")
	rFromPort       = say.F("from port %s: %s", "源端口 %s：%s")
	rForget         = say.F("for those: the kernel forgets them, and they begin anew", "针对它们：让内核忘掉，重新开始")
	rName           = say.F("the name", "名字")
	rFirst          = say.F("%s is its first address, the one that a program tries and that is asked about here", "%s 是它的第一个地址：程序先试它，这里问的也是它")
	rOtherWell      = say.F("%s is another: a program that goes on to it would get through. Those that try each address do (curl, browsers, ssh), once the one before has failed or kept them waiting; ping and those that take the first alone do not", "%s 是另一个地址：程序接着试它，应当能通。逐个尝试地址的程序（curl、浏览器、ssh）会在前一个失败或等不到之后接着试；ping 和只用第一个地址的程序不会")
	rOther          = say.F("%s is another, and does not work either: %s", "%s 是另一个地址，也不通：%s")
	rOtherUnknown   = say.F("%s is another; nothing was sent there: %s", "%s 是另一个地址，没有向它发包：%s")
	rSilent         = say.F("%s is looked up late: the name server %s of resolv.conf did not answer, and one behind it did. A program waits for that up to %g s at each look-up (options timeout:%g attempts:%d)", "%s 解析得慢：resolv.conf 里的域名服务器 %s 没有应答，排在后面的才应答。程序每次解析都要为此最多等 %g 秒（options timeout:%g attempts:%d）")
	rSooner         = say.F("so that it answers", "让它应答")
	rSeenFrom       = say.F("whoever takes it sees %s as the client, not %s", "收下它的一方看到的客户端地址是 %s，而不是 %s")
	rTranslated     = say.F("%s is translated to %s", "%s 被转换为 %s")
	rNobody         = say.F("nobody", "无")
	rBackend        = say.F("%s (%s of the requests): %s", "%s（占请求的 %s）：%s")
	rBackendWell    = say.F("%s (%s of the requests): would answer", "%s（占请求的 %s）：应当能应答")
	rBackendUnknown = say.F("%s (%s of the requests): cannot be told: %s", "%s（占请求的 %s）：无法判断：%s")
	rListener       = say.F("%s listens on %s in %s", "%[1]s 在 %[3]s 中监听 %[2]s")
	rSomebody       = say.F("a process", "某个进程")
)

// say is a text of the report in its language.
func (r *telling) say(text say.Form, args ...any) string { return text.In(r.lang, args...) }
