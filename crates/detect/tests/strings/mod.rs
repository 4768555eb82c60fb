//! The strings of the quality test.

/// A fixed sequence of numbers (a linear congruence).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn of<'l>(&mut self, list: &[&'l str]) -> &'l str {
        list[self.below(list.len() as u64) as usize]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    fn hex(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    /// Digits that no counting made.
    fn odd_digits(&mut self, count: usize) -> String {
        loop {
            let digits = self.digits(count);
            let bytes = digits.as_bytes();
            let step = |s: i16| bytes.windows(2).all(|w| (i16::from(w[1]) - i16::from(w[0]) - s) % 10 == 0);
            if !step(0) && !step(1) && !step(-1) {
                return digits;
            }
        }
    }
}

/// The last digit that makes a value right, by trial.
fn completed(stem: &str, right: impl Fn(&str) -> bool) -> Option<String> {
    (0..10).map(|digit| format!("{stem}{digit}")).find(|value| right(value))
}

fn luhn(value: &str) -> bool {
    let sum: u32 = value
        .chars()
        .rev()
        .enumerate()
        .map(|(at, c)| {
            let digit = c.to_digit(10).unwrap();
            if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn my_number(value: &str) -> bool {
    let digits: Vec<u32> = value.chars().map(|c| c.to_digit(10).unwrap()).collect();
    let weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let rest = digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 11;
    digits[11] == if rest <= 1 { 0 } else { 11 - rest }
}

fn taiwan(value: &str) -> bool {
    let order = "ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let first = 10 + order.find(&value[..1]).unwrap() as u32;
    let digits: Vec<u32> = value[1..].chars().map(|c| c.to_digit(10).unwrap()).collect();
    let weights = [8, 7, 6, 5, 4, 3, 2, 1, 1];
    let sum = first / 10 + first % 10 * 9 + digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>();
    sum.is_multiple_of(10)
}

fn dea(value: &str) -> bool {
    let d: Vec<u32> = value[2..].chars().map(|c| c.to_digit(10).unwrap()).collect();
    (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]
}

/// Names under which text stands that say nothing of it.
const PLAIN: [&str; 8] =
    ["Description", "Comment", "Value", "Note", "AlarmDescription", "Text", "Remark", "備考"];
const GIVEN: [&str; 12] = [
    "James", "Mary", "Robert", "Linda", "Susan", "Karen", "Helen", "Peter", "Olivia", "Walter", "Grace",
    "Albert",
];
const FAMILY: [&str; 12] = [
    "Johnson",
    "Martinez",
    "Thompson",
    "Nguyen",
    "Campbell",
    "Richardson",
    "Patel",
    "Sullivan",
    "Fernandez",
    "Murphy",
    "Wagner",
    "Schmidt",
];
const KANJI: [&str; 10] = [
    "佐藤花子",
    "鈴木一郎",
    "高橋健太",
    "田中美咲",
    "渡辺直樹",
    "山本由美子",
    "中村翔",
    "小林さくら",
    "長谷川誠",
    "佐々木結衣",
];
const HANZI: [&str; 10] =
    ["陳志明", "林美玲", "黃俊傑", "張雅婷", "李建宏", "王淑芬", "吳宗翰", "劉怡君", "蔡佩珊", "歐陽文"];

/// Kind, name and text of strings that hold an identifier.
pub(crate) fn positives() -> Vec<(String, String, String)> {
    let mut s = Sequence(20_261_125);
    let mut out: Vec<(String, String, String)> = Vec::new();
    for round in 0..140 {
        let plain = PLAIN[round % PLAIN.len()];
        let mut add = |kind: &str, name: &str, text: String| out.push((kind.into(), name.into(), text));

        let ssn = format!(
            "{}{}-{}{}-{}{}",
            1 + s.below(5),
            s.digits(2),
            1 + s.below(8),
            1 + s.below(9),
            1 + s.below(8),
            s.odd_digits(3)
        );
        match round % 3 {
            0 => add("us-ssn", "PatientSSN", ssn),
            1 => add("us-ssn", plain, format!("Replay of the record with SSN {ssn} after the outage")),
            _ => add("us-ssn", plain, format!("social security no. {}", ssn.replace('-', ""))),
        }
        let stem = format!("1{}", s.digits(8));
        let npi = completed(&stem, |v| luhn(&format!("80840{v}"))).unwrap();
        match round % 3 {
            0 => add("us-npi", "provider_npi", npi),
            1 => add("us-npi", plain, format!("Claims of provider NPI {npi}")),
            _ => add("us-npi", "Name", format!("intake-npi-{npi}")),
        }
        let stem = format!("{}{}{}", s.of(&["A", "B", "F", "M"]), s.of(&["S", "J", "K"]), s.digits(6));
        let number = completed(&stem, dea).unwrap();
        add(
            "us-dea",
            if round % 2 == 0 { "DEANumber" } else { plain },
            if round % 2 == 0 { number } else { format!("DEA registration {number} of the pharmacy") },
        );
        let mbi = format!(
            "{}{}{}{}{}{}{}{}{}{}",
            1 + s.below(9),
            s.of(&["E", "G", "H"]),
            s.of(&["G", "4", "T"]),
            s.below(10),
            s.of(&["T", "K", "M"]),
            s.of(&["E", "5", "7"]),
            s.below(10),
            s.of(&["M", "K", "N"]),
            s.of(&["K", "P", "R"]),
            s.digits(2)
        );
        match round % 2 {
            0 => add("us-mbi", "MBI", mbi),
            _ => add("us-mbi", plain, format!("Medicare beneficiary {mbi}")),
        }
        let mine = loop {
            if let Some(found) = completed(&s.odd_digits(11), my_number) {
                break found;
            }
        };
        match round % 3 {
            0 => add("jp-my-number", "MyNumber", mine),
            1 => add("jp-my-number", plain, format!("個人番号 {mine} の再送")),
            _ => add(
                "jp-my-number",
                plain,
                format!("マイナンバー: {} {} {}", &mine[..4], &mine[4..8], &mine[8..]),
            ),
        }
        let insurer = completed(&s.odd_digits(7), luhn).unwrap();
        add(
            "jp-insurer-number",
            if round % 2 == 0 { "保険者番号" } else { plain },
            if round % 2 == 0 { insurer } else { format!("保険者番号{insurer}の請求分") },
        );
        add("jp-insured-number", plain, format!("被保険者番号: {}", s.odd_digits(7)));
        let tw = loop {
            if let Some(found) = completed(
                &format!("{}{}{}", s.of(&["A", "F", "H", "P"]), 1 + s.below(2), s.digits(7)),
                taiwan,
            ) {
                break found;
            }
        };
        add(
            "tw-national-id",
            if round % 2 == 0 { "身分證字號" } else { plain },
            if round % 2 == 0 { tw } else { format!("病患 {tw} 的檢驗報告") },
        );
        add("tw-nhi-card", plain, format!("健保卡號 {}", s.odd_digits(12)));
        let mrn = s.odd_digits(6 + (round % 4));
        match round % 5 {
            0 => add("medical-record-number", "MRN", mrn),
            1 => add("medical-record-number", "BucketName", format!("export-mrn-{mrn}")),
            2 => add("medical-record-number", plain, format!("medical record number {mrn}")),
            3 => add("medical-record-number", plain, format!("患者番号{mrn}の画像")),
            _ => add("medical-record-number", plain, format!("病歷號：{mrn}")),
        }
        add(
            "health-plan-member",
            if round % 2 == 0 { "member_id" } else { plain },
            if round % 2 == 0 {
                format!("XYZ{}", s.odd_digits(9))
            } else {
                format!("subscriber id: {}", s.odd_digits(9))
            },
        );
        let (year, month, day) = (1930 + s.below(80), 1 + s.below(12), 1 + s.below(28));
        match round % 6 {
            0 => add("date-of-birth", "DOB", format!("{year}-{month:02}-{day:02}")),
            1 => add("date-of-birth", plain, format!("patient, date of birth {month:02}/{day:02}/{year}")),
            2 => add("date-of-birth", plain, format!("生年月日: {year}年{month}月{day}日")),
            3 => add("date-of-birth", plain, format!("生年月日 昭和{}年{month}月{day}日", 1 + s.below(62))),
            4 => add("date-of-birth", plain, format!("出生日期：民國{}年{month}月{day}日", 20 + s.below(80))),
            _ => add("date-of-birth", "birth_date", format!("{year}{month:02}{day:02}")),
        }
        let phone = format!("{}{}-{}-{}", 2 + s.below(7), s.digits(2), s.odd_digits(3), s.odd_digits(4));
        add(
            "phone",
            if round % 2 == 0 { "PatientPhone" } else { plain },
            if round % 2 == 0 {
                phone
            } else {
                format!("患者電話 090-{}-{}", s.odd_digits(4), s.odd_digits(4))
            },
        );
        let (given, family) = (s.of(&GIVEN), s.of(&FAMILY));
        let host = s.of(&["gmail.com", "mail.ne.jp", "hinet.net", "outlook.com"]);
        let address = format!("{}.{}@{host}", given.to_lowercase(), family.to_lowercase());
        add(
            "email",
            if round % 2 == 0 { "PatientEmail" } else { plain },
            if round % 2 == 0 { address } else { format!("patient email: {address}") },
        );
        let code = format!("{}{}.{}", s.of(&["E", "I", "C", "J"]), s.digits(2), s.below(10));
        add("diagnosis", plain, format!("patient with diagnosis {code}"));
        match round % 6 {
            0 => add("person-name", "PatientName", format!("{given} {family}")),
            1 => add(
                "person-name",
                "BucketName",
                format!("patient-{}-{}", given.to_lowercase(), family.to_lowercase()),
            ),
            2 => add("person-name", plain, format!("Scans of patient {given} {family}, second visit")),
            3 => add("person-name", plain, format!("患者: {}様の検査結果", s.of(&KANJI))),
            4 => add("person-name", "氏名", s.of(&KANJI).to_owned()),
            _ => add("person-name", plain, format!("病患姓名：{}", s.of(&HANZI))),
        }
    }
    out
}

/// Name and text of strings as templates have them, with nobody in them.
pub(crate) fn negatives() -> Vec<(String, String)> {
    let mut s = Sequence(7);
    let mut out: Vec<(String, String)> = Vec::new();
    let apps = [
        "claims",
        "intake",
        "portal",
        "patient-portal",
        "patient-records",
        "medicare-claims",
        "npi-lookup",
        "mrn-index",
        "ehr",
        "dob-validator",
        "birthday-mailer",
        "診療",
        "病歷系統",
    ];
    let stages = ["dev", "test", "stage", "prod", "dr"];
    let regions = ["us-east-1", "ap-northeast-1", "eu-west-1"];
    for round in 0..520 {
        let mut add = |name: &str, text: String| out.push((name.into(), text));
        let (app, stage, region) = (s.of(&apps), s.of(&stages), s.of(&regions));
        let account = s.digits(12);
        add("BucketName", format!("{app}-{stage}-{account}-{region}"));
        add("Resource", format!("arn:aws:s3:::{app}-{stage}-{account}/*"));
        add(
            "KmsKeyId",
            format!(
                "arn:aws:kms:{region}:{account}:key/{}-{}-{}-{}-{}",
                s.hex(8),
                s.hex(4),
                s.hex(4),
                s.hex(4),
                s.hex(12)
            ),
        );
        add(
            "Description",
            format!("Function of {app} that reads patient records and writes them to the archive ({stage})"),
        );
        add("Image", format!("{account}.dkr.ecr.{region}.amazonaws.com/{app}:{}", s.digits(8)));
        add("SubnetId", format!("subnet-{}", s.hex(17)));
        add("ImageId", format!("ami-{}", s.hex(17)));
        add("AccountId", account.clone());
        add("PatientDataAccount", account);
        add("CidrBlock", format!("10.{}.{}.0/24", s.below(256), s.below(256)));
        add("Version", "2012-10-17".to_owned());
        add("EngineVersion", format!("{}.{}.{}", 5 + s.below(10), s.below(20), s.below(40)));
        add(
            "DateOfBuild",
            format!(
                "20{:02}-{:02}-{:02}T{:02}:15:00Z",
                10 + s.below(16),
                1 + s.below(12),
                1 + s.below(28),
                s.below(24)
            ),
        );
        add("BuildNumber", s.digits(8));
        add("Owner", format!("team-{app}@hospital.org"));
        add("PatientTable", format!("{app}-patients-{stage}"));
        add(
            "AttributeName",
            ["patientId", "mrn", "dob", "ssn", "npi", "memberId", "patient_name"][round % 7].to_owned(),
        );
        add(
            "Comment",
            [
                "The patient portal must not log the SSN or the MRN of a visitor",
                "Checks the NPI of providers against the registry of 2023",
                "患者情報を含むバケットです",
                "患者様向けポータルのデータベース",
                "存放病患資料的資料庫",
                "病患入口網站的負載平衡器",
            ][round % 6]
                .to_owned(),
        );
        add(
            "Default",
            ["", "YourPatientName", "<patient id>", "example", "string", "changeme"][round % 6].to_owned(),
        );
        add("StackName", format!("patient-id-index-{}", s.digits(8)));
        add("TableName", format!("mrn-lookup-{stage}-{}", s.digits(6)));
        let notes = [
            "Ask Dr. Mary Johnson before deleting",
            "Contact: Linda Patel, platform team",
            "See ticket 4471902 about the DOB field",
            "連絡先: 佐藤 (基盤チーム)",
            "負責人：陳志明",
        ];
        add("Note", notes[round % 5].to_owned());
        add(
            "Endpoint",
            format!("https://api.{region}.internal/patients/{{id}}/visits?limit={}", s.digits(4)),
        );
        add("SourceCodeHash", s.hex(64));
        add("ScheduleExpression", format!("cron(0 {} * * ? *)", s.below(24)));
        add("RetentionInDays", format!("{}", 7 * (1 + s.below(500))));
        add("Timestamp", format!("17{}", s.digits(11)));
        add(
            "AlarmDescription",
            format!("Error rate of {app} over {} percent for {} minutes", s.below(90), 5 * (1 + s.below(6))),
        );
    }
    out
}

/// Text and the kind of credential that is in it.
pub(crate) fn credentials() -> Vec<(&'static str, String)> {
    let mut s = Sequence(11);
    let mut out = Vec::new();
    let upper = |s: &mut Sequence, count: usize| -> String {
        (0..count).map(|_| char::from(b"ABCDEFGHJKLMNPQRSTUVWXYZ234567"[s.below(30) as usize])).collect()
    };
    let word = |s: &mut Sequence, count: usize| -> String {
        const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        (0..count).map(|_| char::from(LETTERS[s.below(LETTERS.len() as u64) as usize])).collect()
    };
    for round in 0..60 {
        let before = ["", "export KEY=", "aws_access_key_id: ", "id = \""][round % 4];
        out.push(("aws-access-key", format!("{before}{}{}", ["AKIA", "ASIA"][round % 2], upper(&mut s, 16))));
        let kind = ["RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED "][round % 5];
        out.push(("private-key", format!("-----BEGIN {kind}PRIVATE KEY-----\n{}", word(&mut s, 40))));
        let scheme = ["postgres", "https", "redis", "mongodb+srv", "amqps", "ftp"][round % 6];
        let user = ["clinic", "app", "", "fax"][round % 4];
        out.push(("url-password", format!("{scheme}://{user}:{}@host.internal/x", word(&mut s, 9))));
        let name = ["token", "access_token", "api_key", "sig", "X-Amz-Signature"][round % 5];
        out.push(("url-token", format!("https://fax.hokuto.example/in?kind=a&{name}={}", word(&mut s, 24))));
        let kind = ["p", "o", "u", "s", "r"][round % 5];
        out.push(("github-token", format!("git clone with gh{kind}_{}", word(&mut s, 36))));
        let (team, bot) = (upper(&mut s, 9), upper(&mut s, 9));
        out.push((
            "slack-token",
            match round % 2 {
                0 => format!("https://hooks.slack.com/services/T{team}/B{bot}/{}", word(&mut s, 24)),
                _ => format!("xoxb-{}-{}-{}", s.digits(12), s.digits(12), word(&mut s, 24)),
            },
        ));
        out.push(("stripe-key", format!("{}k_live_{}", ["s", "r"][round % 2], word(&mut s, 24))));
        out.push(("google-api-key", format!("key: AIza{}", word(&mut s, 35))));
        out.push((
            "json-web-token",
            format!("eyJ{}.eyJ{}.{}", word(&mut s, 30), word(&mut s, 60), word(&mut s, 43)),
        ));
        let scheme = ["Basic", "Bearer"][round % 2];
        out.push(("authorization-header", format!("-H 'Authorization: {scheme} {}'", word(&mut s, 24))));
        let name =
            ["DB_PASSWORD", "--password", "client_secret", "api-key", "MYSQL_PWD", "authToken"][round % 6];
        out.push(("password", format!("{name}={}", word(&mut s, 12))));
    }
    out
}

/// Text that speaks of credentials and holds none.
pub(crate) fn no_credentials() -> Vec<String> {
    let mut s = Sequence(13);
    let mut out = Vec::new();
    for round in 0..100 {
        let (account, hex) = (s.digits(12), s.hex(8));
        out.push(format!("https://{account}.dkr.ecr.us-east-1.amazonaws.com/portal:{round}"));
        out.push(format!("arn:aws:secretsmanager:us-east-1:{account}:secret:db-{hex}"));
        out.push("postgres://${User}:${Password}@db.internal/clinic".to_owned());
        out.push(format!("https://s3.amazonaws.com/bucket-{hex}/template.yaml?versionId={hex}"));
        out.push("DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id db)".to_owned());
        out.push(format!("{{{{resolve:secretsmanager:db-{hex}:SecretString:password}}}}"));
        out.push("The password must have 12 characters; write user:password@host".to_owned());
        out.push("https://user:password@example.com and https://user:xxx@example.com".to_owned());
        out.push("curl -H \"Authorization: Bearer $TOKEN\" https://api.example.com".to_owned());
        out.push(format!("mailto:desk@clinic-{hex}.example.com"));
        out.push(format!("git@github.com:clinic/portal-{hex}.git"));
        out.push("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come from the role".to_owned());
        out.push(format!("http://10.0.{}.{}:8080/health?token=", s.below(255), s.below(255)));
    }
    out
}
