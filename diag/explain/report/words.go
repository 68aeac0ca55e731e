package report

import "fmt"

// word names a text of the report. The sentences of the answer itself are
// in package cause, and where the walk tells its way.
type word int

const (
	rHere word = iota
	rThisNetns
	rIn
	rInHere
	rAnswered
	rWouldBeAnswered
	rAnsweredAfterAll
	rBrokenAfterAll
	rCannotTell
	rBroken
	rBrokenUnknown
	rFault
	rFaultElsewhere
	rRequest
	rReply
	rInBy
	rOutBy
	rAnd
	rComma
	rNotReached
	rNotReachedNoReply
	rNoReply
	rNoFurther
	rEvidence
	rFix
	rNext
	rNextMended
	rUncoded
	rBeyond
	rNothingBack
	rProbe
	rUnseen
	wordCount
)

// words is every text of the report in English and in Chinese.
var words = [wordCount][2]string{
	rHere:              {"here", "此处"},
	rThisNetns:         {"this namespace", "本命名空间"},
	rIn:                {"in %s", "在 %s"},
	rInHere:            {"here", "在此处"},
	rAnswered:          {"%s reaches %s: the ping is answered", "%s 能到达 %s：ping 有应答"},
	rWouldBeAnswered:   {"%s reaches %s: a ping would be answered", "%s 能到达 %s：ping 应当会有应答"},
	rAnsweredAfterAll:  {"%s reaches %s, against the prediction: %s", "%s 能到达 %s，与预测不符：%s"},
	rBrokenAfterAll:    {"%s cannot reach %s, against the prediction: %s", "%s 到不了 %s，与预测不符：%s"},
	rCannotTell:        {"cannot tell whether %s reaches %s: %s (%s)", "无法判断 %s 能否到达 %s：%s（%s）"},
	rBroken:            {"%s cannot reach %s: %s", "%s 到不了 %s：%s"},
	rBrokenUnknown:     {"%s cannot reach %s, and why cannot be told: %s (%s)", "%s 到不了 %s，原因无法判断：%s（%s）"},
	rFault:             {"%s (%s, %s)", "%s（%s，%s）"},
	rFaultElsewhere:    {"it stops here, but the fault is %s: %s", "止于此，但问题%s：%s"},
	rRequest:           {"request", "请求"},
	rReply:             {"reply", "应答"},
	rInBy:              {"in by %s", "从 %s 进入"},
	rOutBy:             {"out by %s", "从 %s 发出"},
	rAnd:               {"%s; %s", "%s；%s"},
	rComma:             {", ", "、"},
	rNotReached:        {"not reached: %s", "未到达：%s"},
	rNotReachedNoReply: {"not reached: %s; so there is no reply", "未到达：%s；因此没有应答"},
	rNoReply:           {"so there is no reply", "因此没有应答"},
	rNoFurther:         {"it gets no further", "到此为止"},
	rEvidence:          {"evidence", "依据"},
	rFix:               {"fix", "修复"},
	rNext:              {"broken behind it as well", "此外还有"},
	rUncoded:           {"%s (%s)", "%s（%s）"},
	rNextMended:        {"broken behind it as well, and mended by the same commands", "此外还有（上面的命令一并修好）"},
	rBeyond:            {"%s gets no answer from %s: %s", "%s 得不到 %s 的应答：%s"},
	rNothingBack:       {"nothing came back by %s", "%s 上没有任何回应"},
	rProbe:             {"ping", "ping"},
	rUnseen:            {"what could not be seen", "没能看到的"},
}

// say is a text of the report in its language.
func (r *telling) say(w word, args ...any) string {
	text := words[w][0]
	if r.lang == "zh" {
		text = words[w][1]
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
