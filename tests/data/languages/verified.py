"""Documents 0 to 24 of the five grammars, read and found right by hand: each block is one meaning.

A change of a weight, a lexicon or the engine gives other sentences: read them again before they are put here.
"""

NAMES = ("scenes", "german", "russian", "japanese", "mandarin")
SENTENCES = """
the doctors who wrote the poem hated a black dog .
die Ärzte , die das Gedicht schrieben , hassten einen schwarzen Hund .
врачи , которые писали стихотворение , ненавидели чёрную собаку .
詩 を 書いた 医者たち は 黒い 犬 を 憎んでいました 。
写 诗 的 医生们 讨厌 一 只 黑 狗 。

the famous friends thought that the friends lent the friend's report to the doctor who washed the horses .
die berühmten Freunde dachten , dass die Freunde dem Arzt , der die Pferde wusch , den Bericht des Freundes liehen .
знаменитые друзья думали , что друзья одалживали врачу , который мыл лошадей , отчёт друга .
有名な 友人たち は 友人たち が 馬 を 洗った 医者 に 友人 の 報告書 を 貸した と 思っていました 。
有名 的 朋友们 认为 朋友们 把 朋友 的 报告 借给 了 洗 马 的 医生 。

did the farmers that the famous teacher criticized sing in the park ?
sangen die Bauern , die der berühmte Lehrer kritisierte , im Park ?
пели ли фермеры , которых знаменитый учитель критиковал , в парке ?
有名な 先生 が 批判した 農夫たち は 公園 で 歌いました か 。
有名 的 老师 批评 的 农民们 在 公园 里 唱歌 吗 ？

the white rabbits sleep in the village .
die weißen Kaninchen schlafen im Dorf .
белые кролики спят в деревне .
白い ウサギ は 村 で 寝ます 。
白 兔子 在 村子 里 睡觉 。

the bird was big .
der Vogel war groß .
птица была большой .
鳥 は 大きかったです 。
鸟 很 大 。

today these singers criticized a rich singer .
heute kritisierten diese Sängerinnen eine reiche Sängerin .
сегодня эти певицы критиковали богатую певицу .
今日 この 歌手たち は 裕福な 歌手 を 批判しました 。
今天 这些 歌手 批评 了 一 位 富有 的 歌手 。

yesterday the cat that the girl stroked did not bite the grandmothers .
gestern biss die Katze , die das Mädchen streichelte , die Großmütter nicht .
вчера бабушек не кусала кошка , которую девочка гладила .
昨日 女の子 が 撫でた 猫 は おばあさんたち を 噛みませんでした 。
昨天 女孩 抚摸 的 猫 没 咬 奶奶们 。

this girl believes that the poor boys rest in the park .
dieses Mädchen glaubt , dass die armen Jungen im Park ruhen .
эта девочка верит , что в парке отдыхают бедные мальчики .
この 女の子 は 貧しい 男の子たち が 公園 で 休む と 信じています 。
这 个 女孩 相信 贫穷 的 男孩们 在 公园 里 休息 。

recently the nurse in the hotel slept .
neulich schlief die Krankenschwester im Hotel .
недавно медсестра в гостинице спала .
最近 ホテル の 看護師 は 寝ました 。
最近 酒店 里 的 护士 睡觉 了 。

recently the famous children did not steal the tomato .
neulich stahlen die berühmten Kinder die Tomate nicht .
недавно помидор не крали знаменитые дети .
最近 有名な 子供たち は トマト を 盗みませんでした 。
最近 有名 的 孩子们 没 偷 西红柿 。

the doctor cuts the small cake .
der Arzt schneidet den kleinen Kuchen .
врач режет маленький торт .
医者 は 小さい ケーキ を 切ります 。
医生 切 小 蛋糕 。

the black birds sleep .
die schwarzen Vögel schlafen .
чёрные птицы спят .
黒い 鳥 は 寝ます 。
黑 鸟 睡觉 。

the friends did not visit the grandmother who wrote some books .
die Freunde besuchten die Großmutter , die einige Bücher schrieb , nicht .
друзья не навещали бабушку , которая писала книги .
友人たち は 本 を 書いた おばあさん を 訪ねませんでした 。
朋友们 没 拜访 写 一些 书 的 奶奶 。

today the tired boy believes a tired neighbor .
heute glaubt der müde Junge einem müden Nachbarn .
сегодня усталому соседу верит усталый мальчик .
今日 疲れた 男の子 は 疲れた 隣人 を 信じています 。
今天 疲倦 的 男孩 相信 一 个 疲倦 的 邻居 。

the boys do not close the window .
die Jungen machen das Fenster nicht zu .
мальчики окно не закрывают .
男の子たち は 窓 を 閉めません 。
男孩们 不 关上 窗户 。

was the doctor who did not run friendly ?
war der Arzt , der nicht lief , freundlich ?
врач , который не бегал , был дружелюбным ?
走らなかった 医者 は 親切でした か 。
没 奔跑 的 医生 友好 吗 ？

the white cat bit the poor mother .
die weiße Katze biss die arme Mutter .
бедную мать кусала белая кошка .
白い 猫 は 貧しい 母親 を 噛みました 。
白 猫 咬 了 贫穷 的 母亲 。

the mother who criticizes the doctor is rich .
die Mutter , die den Arzt kritisiert , ist reich .
мать , которая критикует врача , богатая .
医者 を 批判する 母親 は 裕福です 。
批评 医生 的 母亲 很 富有 。

the farmer buys the cakes that this girl does not steal .
der Bauer kauft die Kuchen , die dieses Mädchen nicht stiehlt .
фермер покупает торты , которые эта девочка не крадёт .
農夫 は この 女の子 が 盗まない ケーキ を 買います 。
农民 买 这 个 女孩 不 偷 的 蛋糕 。

yesterday these teachers believed the boy in the village .
gestern glaubten diese Lehrer dem Jungen im Dorf .
вчера эти учителя мальчику в деревне верили .
昨日 この 先生たち は 村 の 男の子 を 信じていました 。
昨天 这些 老师 相信 了 村子 里 的 男孩 。

does the doctor introduce the boys in the park ?
stellt der Arzt die Jungen im Park vor ?
представляет ли врач мальчиков в парке ?
医者 は 公園 の 男の子たち を 紹介します か 。
医生 介绍 公园 里 的 男孩们 吗 ？

was the friend who rested brave ?
war der Freund , der ruhte , mutig ?
друг , который отдыхал , был смелым ?
休んだ 友人 は 勇敢でした か 。
休息 的 朋友 勇敢 吗 ？

the singer loved the bear in the house .
die Sängerin liebte den Bären im Haus .
певица любила медведя в доме .
歌手 は 家 の 熊 を 愛していました 。
歌手 爱 房子 里 的 熊 。

the mothers in the village criticized the friends who danced .
die Mütter im Dorf kritisierten die Freunde , die tanzten .
матери в деревне критиковали друзей , которые танцевали .
村 の 母親たち は 踊った 友人たち を 批判しました 。
村子 里 的 母亲们 批评 了 跳舞 的 朋友们 。

today the men play .
heute spielen die Männer .
сегодня мужчины играют .
今日 男性たち は 遊びます 。
今天 男人们 玩耍 。
"""
