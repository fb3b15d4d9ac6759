//! `trainer pdf`.

use crate::files::PLAN;
use crate::operator::{Operator, must_fail};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_printed_into_a_file() {
    let operator = Operator::shared();
    let (folder, email) = (&operator.folder, operator.account());
    let file = folder.write("printed.yaml", PLAN);
    folder.prints(&["import", "plan", &file, "--race-date", "2027-04-25", "--user", &email]);
    let plan = operator.list(&email, "/api/v1/plans").await.remove(0);
    let plan = plan["id"].as_str().unwrap();

    let output = folder.write("plan.pdf", "what was there before");
    let printed = folder.prints(&["pdf", plan, "--template", "overview", "--output", &output]);
    assert_eq!(printed.trim(), format!("{output}: 1 page"));
    let pdf = std::fs::read(&output).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 10_000);

    let nobodys = "0198b6c2-5f1e-7a62-9a5e-1f0d6f1c2b3a";
    let logo = folder.write("logo.gif", "GIF89a");
    for (options, said) in [
        (&["pdf", nobodys, "--output", &output][..], "there is no plan"),
        (
            &["pdf", plan, "--output", &output, "--template", "wekly"],
            "there are monthly, overview, weekly",
        ),
        (&["pdf", plan, "--output", &output, "--template", "../x"], "must be one of"),
        (&["pdf", plan, "--output", &output, "--paper", "a3"], "a3"),
        (&["pdf", plan, "--output", &output, "--accent-color", "#ffff00"], "must be darker"),
        (&["pdf", plan, "--output", &output, "--logo", &logo], "must be a PNG, a JPEG or an SVG"),
        (&["pdf", plan, "--output", "/nowhere/plan.pdf"], "/nowhere/plan.pdf cannot be written"),
    ] {
        let error = must_fail(folder.run(options));
        assert!(error.contains(said), "{options:?}: {error}");
    }
    assert_eq!(std::fs::read(&output).unwrap(), pdf, "what is refused changes nothing");
}
