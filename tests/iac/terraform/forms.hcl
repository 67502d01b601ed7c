# Every form of HCL's native syntax, so that mutations of it reach what configuration rarely holds.
/* A comment
 of several lines */
locals {
  a = 1e3 + -0.5 * (2 - var.n) % 3 >= 4 ? "x" : "y${var.z[0]["k"].b}"
  b = [for i, x in var.l : upper(x) if x != "" && i > 0]
  c = { for k, v in var.m : k => v... if !v.on }
  d = {
    a = 1, b = 2
    "c" : 3
    (var.k) = "d" // end
    "e-${var.f}" = null
    g = { h = [1, 2, ], }
  }
  e = var.x.*.id[0]
  f = var.x[*].a.b[0].c
  g = var.x.0.y
  h = provider::aws::arn_parse("x").account
  i = merge(
    { a = 1 },
    var.list...
  )
  j = <<-EOT
    a ${var.b} c
      %{ if var.x == "a" ~}
      b
      %{ else }
      "q" $${no} %%{no}
      %{ endif ~}
    %{ for a, b in var.m }${a}=${b},%{ endfor }
  EOT
  k = <<EOT
EOT
  l = "%{ if var.x == "a" }q%{ else }r%{ endif }\n\u0041\"\\"
  m = (
    a
    || b
    ? c
    : d
  )
  n = a ? b : c ? d : e
  o = !a == b && -c < d
  p = "${~ var.a ~} x"
  q = f()[0].x
}

resource "a" "b" {}
variable "x" { default = {} }
block label "x" {
  dynamic "y" {
    for_each = [1]
    content { z = y.value }
  }
  empty {
  }
}
output "o" { value = "é${"in${"ner"}"}" }
