(* restricted_lower_bound: programs whose output is a sum of inputs and of bent units, each times a number or times anything
   that is made of parameters. Where it is a number the sign of the output weight is known, and the tree begins with it. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Bool Arith.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Rays Homogeneous TreeBound Scale Programs ProgramCheck.
Import ListNotations.
Open Scope R_scope.

(* ---- as many units of one sign as there are samples are enough ---- *)
Definition plus_sign : bool * bool := (true, false).
Definition minus_sign : bool * bool := (false, true).
Definition any_of : bool * bool := (true, true).
Lemma few_of_sign (a : list R -> list R) n s : In s [plus_sign; minus_sign; any_of] -> forall S : list (R * list R), (forall p, In p S -> length (a (snd p)) = n /\ allowed s (fst p)) ->
  exists S', Forall2 (fun p s => allowed s (fst p)) S' (repeat s (Nat.min (length S) n)) /\ (forall p, In p S' -> In (snd p) (map snd S)) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S' = sum (fun p => fst p * dot (a (snd p)) X) S.
Proof.
  intros Hs S HA.
  assert (F2 : forall (S : list (R * list R)) k, (forall p, In p S -> allowed s (fst p)) -> length S = k -> Forall2 (fun p s => allowed s (fst p)) S (repeat s k)).
  { clear. intros S k H <-. induction S as [|p S IH]; simpl; constructor; [apply H; left; auto|apply IH; intros; apply H; right; auto]. }
  destruct (le_dec (length S) n) as [L|L].
  - exists S. split; [apply F2; [intros; apply HA; auto|lia]|]. split; [intros; apply in_map; auto|auto].
  - rewrite Nat.min_r by lia. assert (LS : length S = (length S - n + n)%nat) by lia. destruct Hs as [<-|[<-|[<-|[]]]].
    + destruct (at_most_positive n a _ S (fun p Hp => conj (proj1 (HA p Hp)) (match proj2 (HA p Hp) with or_introl H => proj2 H | or_intror H => match Bool.diff_false_true (proj1 H) with end end)) LS) as (S' & L' & I' & E).
      exists S'. split; [apply F2; [intros p Hp; left; split; [reflexivity|apply I', Hp]|exact L']|]. split; [intros p Hp; apply I', Hp|exact E].
    + set (neg := map (fun p : R * list R => (- fst p, snd p))).
      assert (NS : forall S X, sum (fun p => fst p * dot (a (snd p)) X) (neg S) = - sum (fun p => fst p * dot (a (snd p)) X) S).
      { intros T X. unfold neg. rewrite sum_map. cbn [fst snd]. rewrite (sum_ext _ (fun p : R * list R => -1 * (fst p * dot (a (snd p)) X))) by (intros; ring). rewrite sum_scal. ring. }
      destruct (at_most_positive n a (length S - n) (neg S)) as (S' & L' & I' & E).
      * intros p Hp. unfold neg in Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq). cbn [fst snd]. destruct (HA q Hq) as [H1 [[H2 _]|[_ H2]]]; [discriminate H2|]. split; [exact H1|lra].
      * unfold neg. rewrite map_length. exact LS.
      * exists (neg S'). split; [apply F2; [|unfold neg; rewrite map_length; exact L']|]; [|split].
        -- intros p Hp. unfold neg in Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq). right. split; [reflexivity|]. cbn [fst]. destruct (I' q Hq). lra.
        -- intros p Hp. unfold neg in Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq). cbn [snd]. destruct (I' q Hq) as [H _]. unfold neg in H. rewrite map_map in H. exact H.
        -- intros X. rewrite NS, E, NS. ring.
    + destruct (at_most n a n (le_n n) _ S (fun p Hp => proj1 (HA p Hp)) LS) as (S' & L' & I' & E). exists S'. split; [apply F2; [intros; apply any_sign|exact L']|]. split; auto.
Qed.

(* ---- the bound about rational data, computed with integers ---- *)
Section Signed.
Variables (L a b : Z).
Variables (h : act Q) (homog bh : bool) (D : list (list Q * list Q)) (G : list (list Z)) (extra : list (list Z)).
Definition check_signed (code : list Z) (signs : list (bool * bool)) (n : nat) : bool :=
  let hZ := scale_act a b h in let DZ := scale_data L D in
  (0 <? L)%Z && (0 <? a)%Z && (0 <? b)%Z && exact_act a b h && exact_data L D &&
  joinedT Zops (fst hZ) (snd hZ) && homog_ok Zops homog hZ &&
  let Ps := planes Zops homog hZ bh DZ extra in
  match walk Zops G Ps (Z.of_nat (S (length Ps))) (length code) code (roots Zops shrinkZ homog hZ bh DZ extra (if homog then n else S n) signs) with Some [] => true | _ => false end.
Definition bent_unit (row : list R) : list R := map (fun d => ev (ra QR h) (dot row (ext bh (rv QR (fst d))))) D.
Lemma check_signed_ok code signs n : check_signed code signs n = true ->
  forall S : list (R * list R), Forall2 (fun p s => allowed s (fst p)) S signs -> (forall p, In p S -> length (snd p) = n) ->
  exists g, In g G /\ sum (fun p => fst p * dot (bent_unit (snd p)) (rv ZR g)) S <= 0.
Proof.
  unfold check_signed. intros H S FS LS. repeat (apply andb_prop in H; let H' := fresh "C" in destruct H as [H H']). apply Z.ltb_lt in H, C4, C5.
  assert (Pa := C5). apply IZR_lt in H, C4, C5. assert (AB : 0 < IZR (a * b)) by (rewrite mult_IZR; apply Rmult_lt_0_compat; auto).
  set (S' := map (fun p : R * list R => (fst p / IZR (a * b), scale_row bh (IZR a) (IZR L) (snd p))) S). cbv zeta in C. destruct (walk _ _ _ _ _ _ _) as [[|]|] eqn:EW; try discriminate C.
  destruct (tree_units Zops ZR shrinkZ shrinkZ_ok _ _ _ _ _ _ _ code signs n C1 C0 EW S') as (g & Hg & P).
  - unfold S'. clear - FS AB. induction FS as [|p s S signs A F IH]; simpl; constructor; auto. cbn [fst]. assert (0 < / IZR (a * b)) by (apply Rinv_0_lt_compat; auto).
    destruct A as [[A B]|[A B]]; [left|right]; split; auto; unfold Rdiv; nra.
  - intros p Hp. unfold S' in Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq). cbn [snd]. rewrite scale_row_length. auto.
  - exists g. split; auto. apply Rle_trans with (2 := P). right. unfold S'. rewrite sum_map. apply sum_ext. intros p _. cbn [fst snd].
    assert (E : hidden Zops ZR (scale_act a b h) bh (scale_data L D) (scale_row bh (IZR a) (IZR L) (snd p)) = map (Rmult (IZR (a * b))) (bent_unit (snd p))).
    { unfold hidden, bent_unit, scale_data. rewrite !map_map. apply map_ext_in. intros d Hd. cbn [fst]. unfold exact_data in C2. rewrite forallb_forall in C2.
      rewrite scale_vec by (apply C2; auto). rewrite scale_row_dot by auto. apply scale_act_ok; auto. }
    rewrite E, dot_scale. field. lra.
Qed.
End Signed.

(* ---- what a value is made of ---- *)
Section Shape.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Variable h : act t.
Variable bh : bool.
Variable d : nat.   (* inputs *)
(* the factor of a column: a number, or none that is known *)
Definition known := option t.
Definition nothing : known := Some z0.
Definition plus_known (a b : known) : known := match a, b with Some x, Some y => Some (x +! y) | _, _ => None end.
Fixpoint plus_all (u v : list known) : list known := match u, v with [], _ => v | _, [] => u | a :: u', b :: v' => plus_known a b :: plus_all u' v' end.
Definition is_nothing (a : known) : bool := match a with Some x => is0 K x | None => false end.
Definition times_slot (s : slot t) (a : known) : known :=
  match s, a with Number x, Some y => Some (x *! y) | Number x, None => if is0 K x then nothing else None | Free _, a => if is_nothing a then nothing else None end.
(* a value: its factors of 1, the inputs, and the units so far; None: of another form *)
Definition shape := option (list known).
Definition row_shape (A : list shape) (row : list (slot t * nat)) : shape :=
  fold_right (fun e acc => match nth (snd e) A None, acc with Some u, Some w => Some (plus_all (map (times_slot (fst e)) u) w) | _, _ => None end) (Some []) row.
Definition same_number (a b : t) : bool := leb K a b && leb K b a.
Definition same_act (f g : act t) : bool :=
  all2 (fun p q : t * t * t => same_number (fst (fst p)) (fst (fst q)) && same_number (snd (fst p)) (snd (fst q)) && same_number (snd p) (snd q)) (fst f) (fst g) &&
  same_number (fst (snd f)) (fst (snd g)) && same_number (snd (snd f)) (snd (snd g)).
Definition is_affine (u : list known) : bool := forallb is_nothing (skipn (S d) u) && (bh || is_nothing (nth 0 u nothing)).
(* m: how many units there are *)
Fixpoint bend_shapes (f : act t) (A : list shape) (units : list nat) (m : nat) : list shape * nat :=
  match units with
  | [] => ([], m)
  | k :: units' =>
      let is_unit := match nth k A None with Some u => same_act f h && is_affine u | None => false end in
      let '(B, m') := bend_shapes f A units' (if is_unit then S m else m) in
      ((if is_unit then Some (repeat nothing (S d + m) ++ [Some (one K)]) else None) :: B, m')
  end.
Definition node_shapes (n : node t) (Am : list shape * nat) : list shape * nat :=
  match n with
  | Affine rows => (fst Am ++ map (row_shape (fst Am)) rows, snd Am)
  | Bend f units => let '(B, m) := bend_shapes f (fst Am) units (snd Am) in (fst Am ++ B, m)
  end.
Definition input_shapes : list shape := map (fun k => Some (repeat nothing k ++ [Some (one K)])) (seq 0 (S d)).
Definition shapes (P : list (node t)) : list shape * nat := fold_left (fun Am n => node_shapes n Am) P (input_shapes, O).

(* ---- what it means ---- *)
Variable v : list R.
Variable X : list (list R).
Hypothesis sized : forall x, In x X -> length x = d.
Definition stands (a : known) (c : R) : Prop := match a with Some x => c = r x | None => True end.
Definition columns (x : list R) (W : list (list R)) : list R := (1 :: x) ++ map (fun row => ev (ra KR h) (dot row (ext bh x))) W.
Lemma column_input x W j : length x = d -> (j < S d)%nat -> nth j (columns x W) 0 = nth j (1 :: x) 0.
Proof. intros L H. unfold columns. rewrite app_nth1; auto. cbn [length]. rewrite L. auto. Qed.
Lemma column_unit x W j : length x = d -> (j < length W)%nat -> nth (S d + j) (columns x W) 0 = ev (ra KR h) (dot (nth j W []) (ext bh x)).
Proof.
  intros L H. unfold columns. rewrite app_nth2; cbn [length]; rewrite L; [|lia]. replace (S d + j - S d)%nat with j by lia.
  rewrite (nth_indep _ 0 (ev (ra KR h) (dot [] (ext bh x)))) by (rewrite map_length; auto). rewrite (map_nth (fun row => ev (ra KR h) (dot row (ext bh x)))). reflexivity.
Qed.
(* f is a combination of these columns, with these factors *)
Definition combines (W : list (list R)) (u : list known) (f : list R -> R) : Prop := exists c : nat -> R,
  (forall k, stands (nth k u nothing) (c k)) /\ (forall k, (S d + length W <= k)%nat -> c k = 0) /\
  forall x, In x X -> f x = sumn (S d + length W) (fun k => c k * nth k (columns x W) 0).

Lemma is_nothing_ok a c : is_nothing a = true -> stands a c -> c = 0.
Proof. destruct a as [x|]; [|discriminate]. cbn. intros H ->. apply (is0_ok K KR), H. Qed.
Lemma stands_plus a b x y : stands a x -> stands b y -> stands (plus_known a b) (x + y).
Proof. destruct a, b; cbn; auto. intros -> ->. symmetry. apply toR_add. Qed.
Lemma stands_nothing a : is_nothing a = true -> stands a 0.
Proof. destruct a as [x|]; [|discriminate]. cbn. intros H. symmetry. apply (is0_ok K KR), H. Qed.
Lemma nothing_zero : stands nothing 0.
Proof. cbn. symmetry. apply toR_zero. Qed.
Lemma stands_plus_all : forall u w k x y, stands (nth k u nothing) x -> stands (nth k w nothing) y -> stands (nth k (plus_all u w) nothing) (x + y).
Proof.
  assert (Z : forall k, nth k (@nil known) nothing = nothing) by (intros []; auto).
  induction u as [|a u IH]; intros [|b w] k x y; cbn [plus_all]; rewrite ?Z; intros A B.
  - assert (x = 0 /\ y = 0) as [-> ->] by (cbn in A, B; rewrite A, B, toR_zero; auto). rewrite Rplus_0_r. apply nothing_zero.
  - assert (x = 0) as -> by (cbn in A; rewrite A, toR_zero; auto). rewrite Rplus_0_l. exact B.
  - assert (y = 0) as -> by (cbn in B; rewrite B, toR_zero; auto). rewrite Rplus_0_r. exact A.
  - destruct k as [|k]; cbn [nth] in *; [apply stands_plus; auto|apply IH; auto].
Qed.
Lemma stands_times s a c : stands a c -> stands (times_slot s a) (factor_at v (r_slot K KR s) * c).
Proof.
  intros A. destruct s as [k|x]; cbn [times_slot r_slot factor_at].
  - destruct (is_nothing a) eqn:N; [|exact Logic.I]. rewrite (is_nothing_ok a c N A), Rmult_0_r. apply nothing_zero.
  - destruct a as [y|]; cbn in A |- *; [rewrite A, toR_mul; auto|]. destruct (is0 K x) eqn:Z; [|exact Logic.I]. apply (is0_ok K KR) in Z. rewrite Z, Rmult_0_l. apply nothing_zero.
Qed.
Lemma combines_nil W : combines W [] (fun _ => 0).
Proof.
  exists (fun _ => 0). split; [intros k; replace (nth k [] nothing) with nothing by (destruct k; auto); apply nothing_zero|]. split; auto. intros x _. symmetry. apply sumn_zero. intros; apply Rmult_0_l.
Qed.
Lemma sumn_plus m : forall f g, sumn m (fun k => f k + g k) = sumn m f + sumn m g.
Proof. induction m; intros; cbn [sumn]; [ring|]. rewrite IHm. ring. Qed.
Lemma sumn_scal m a : forall f, sumn m (fun k => a * f k) = a * sumn m f.
Proof. induction m; intros; cbn [sumn]; [ring|]. rewrite IHm. ring. Qed.
Lemma sumn_app a b : forall f, sumn (a + b) f = sumn a f + sumn b (fun k => f (a + k)%nat).
Proof. induction a as [|a IHa]; intros f; cbn [sumn Nat.add]; [rewrite Rplus_0_l; reflexivity|]. rewrite (IHa (fun k => f (S k))). ring. Qed.
Lemma combines_plus W u w f g s : combines W u f -> combines W w g ->
  combines W (plus_all (map (times_slot s) u) w) (fun x => factor_at v (r_slot K KR s) * f x + g x).
Proof.
  intros (c & C1 & C2 & C3) (e & E1 & E2 & E3). set (q := factor_at v (r_slot K KR s)). exists (fun k => q * c k + e k). split; [|split].
  - intros k. apply stands_plus_all; auto. destruct (Nat.lt_ge_cases k (length u)) as [L|L].
    + rewrite (nth_indep _ nothing (times_slot s nothing)) by (rewrite map_length; auto). rewrite map_nth. apply stands_times, C1.
    + rewrite nth_overflow by (rewrite map_length; auto). specialize (C1 k). rewrite nth_overflow in C1 by auto. cbn in C1. rewrite C1, toR_zero, Rmult_0_r. apply nothing_zero.
  - intros k Hk. rewrite C2, E2 by auto. ring.
  - intros x Hx. rewrite C3, E3 by auto. rewrite <- sumn_scal, <- sumn_plus. apply sumn_ext. intros; ring.
Qed.
Lemma combines_grow W W' u f : combines W u f -> combines (W ++ W') u f.
Proof.
  intros (c & C1 & C2 & C3). exists c. split; auto. rewrite app_length. split; [intros; apply C2; lia|]. intros x Hx. rewrite C3 by auto.
  rewrite Nat.add_assoc, (sumn_app (S d + length W)), (sumn_zero (length W')) by (intros k Hk; rewrite C2 by lia; ring). rewrite Rplus_0_r. apply sumn_ext. intros k Hk. f_equal.
  unfold columns. rewrite map_app, app_assoc, (app_nth1 (_ ++ _)); auto. rewrite app_length, map_length. cbn [length]. rewrite sized by auto. lia.
Qed.
Lemma nth_one m : forall k, nth k (repeat nothing m ++ [Some (one K)]) nothing = if (k =? m)%nat then Some (one K) else nothing.
Proof. induction m as [|m IH]; intros [|k]; simpl; auto. destruct k; auto. Qed.
Lemma sumn_one m j : forall f, (j < m)%nat -> sumn m (fun k => (if (k =? j)%nat then 1 else 0) * f k) = f j.
Proof.
  revert j. induction m as [|m IH]; intros j f L; [lia|]. cbn [sumn]. destruct j as [|j].
  - rewrite sumn_zero; [simpl; ring|]. intros k _. simpl. ring.
  - rewrite <- (IH j (fun k => f (S k))) by lia. simpl. ring.
Qed.
Lemma combines_one W j : (j < S d + length W)%nat -> combines W (repeat nothing j ++ [Some (one K)]) (fun x => nth j (columns x W) 0).
Proof.
  intros L. exists (fun k => if (k =? j)%nat then 1 else 0). split; [|split].
  - intros k. rewrite nth_one. destruct (k =? j)%nat; [cbn; symmetry; apply toR_one|apply nothing_zero].
  - intros k Hk. destruct (Nat.eqb_spec k j); [lia|auto].
  - intros x _. symmetry. apply (sumn_one _ _ (fun k => nth k (columns x W) 0)). auto.
Qed.
Lemma combines_ext W u f g : (forall x, In x X -> f x = g x) -> combines W u f -> combines W u g.
Proof. intros E (c & C1 & C2 & C3). exists c. split; auto. split; auto. intros x Hx. rewrite <- E, C3; auto. Qed.

(* the pre-activation of a unit is a row of weights times the inputs *)
Lemma nth_seq c : forall m a k, (k < m)%nat -> nth k (map c (seq a m)) 0 = c (a + k)%nat.
Proof. intros m a k H. rewrite (nth_indep _ 0 (c O)) by (rewrite map_length, seq_length; auto). rewrite map_nth, seq_nth; auto. Qed.
Lemma combines_affine W u f : is_affine u = true -> combines W u f ->
  exists row, length row = ((if bh then 1 else 0) + d)%nat /\ forall x, In x X -> f x = dot row (ext bh x).
Proof.
  intros H (c & C1 & C2 & C3). unfold is_affine in H. apply andb_prop in H. destruct H as [H1 H2]. rewrite forallb_forall in H1.
  assert (Z : forall k, (S d <= k)%nat -> c k = 0).
  { intros k Hk. specialize (C1 k). destruct (Nat.lt_ge_cases k (length u)) as [L|L]; [|rewrite nth_overflow in C1 by auto; cbn in C1; rewrite C1; apply toR_zero].
    apply (is_nothing_ok (nth k u nothing)); auto. apply H1.
    assert (EN : nth k u nothing = nth (k - S d) (skipn (S d) u) nothing) by (rewrite <- (firstn_skipn (S d) u) at 1; rewrite app_nth2; rewrite firstn_length, Nat.min_l by lia; auto).
    rewrite EN. apply nth_In. rewrite skipn_length. lia. }
  assert (A : forall x, In x X -> f x = dot (map c (seq 0 (S d))) (1 :: x)).
  { intros x Hx. rewrite C3 by auto. rewrite sumn_app, (sumn_zero (length W)) by (intros k _; rewrite Z by lia; ring). rewrite Rplus_0_r.
    rewrite (dot_sumn (S d)) by (cbn [length]; rewrite sized; auto). apply sumn_ext. intros k Hk. rewrite nth_seq by auto. cbn [Nat.add]. f_equal. apply column_input; auto. }
  destruct bh.
  - exists (map c (seq 0 (S d))). split; [rewrite map_length, seq_length; reflexivity|exact A].
  - exists (map c (seq 1 d)). split; [rewrite map_length, seq_length; reflexivity|]. intros x Hx. rewrite A by auto. cbn [seq map dot ext].
    rewrite (is_nothing_ok _ _ H2 (C1 O)). ring.
Qed.
Lemma same_number_ok a b : same_number a b = true -> r a = r b.
Proof. unfold same_number. intros H. apply andb_prop in H. destruct H as [A B]. apply (leb_ok KR) in A, B. lra. Qed.
Lemma same_act_ok f g : same_act f g = true -> ra KR f = ra KR g.
Proof.
  unfold same_act. intros H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply same_number_ok in H2, H3.
  destruct f as [ps [s o]], g as [qs [s' o']]. cbn [fst snd] in *. unfold ra. cbn [fst snd]. rewrite H2, H3. f_equal. revert qs H1. induction ps as [|[[a b] c] ps IH]; intros [|[[a' b'] c'] qs] H; try discriminate H; auto.
  cbn [all2 fst snd] in H. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H5]. apply andb_prop in H. destruct H as [H H6].
  apply same_number_ok in H, H5, H6. cbn [map fst snd]. rewrite H, H5, H6. f_equal. apply IH, H4.
Qed.

(* all values so far *)
Definition n_row : nat := (if bh then 1 else 0) + d.
Definition described (W : list (list R)) (A : list shape) (U : list R -> list R) : Prop :=
  (forall x, In x X -> length (U x) = length A) /\ (forall row, In row W -> length row = n_row) /\
  forall j u, nth j A None = Some u -> combines W u (fun x => nth j (U x) 0).
Lemma described_row W A U : described W A U -> forall row u, row_shape A row = Some u -> combines W u (fun x => row_at v (U x) (map (fun e => (r_slot K KR (fst e), snd e)) row)).
Proof.
  intros (_ & _ & H). induction row as [|[s k] row IH]; intros u E; cbn [row_shape fold_right fst snd] in E.
  - injection E as <-. apply combines_nil.
  - destruct (nth k A None) as [w|] eqn:N; [|discriminate]. fold (row_shape A row) in E. destruct (row_shape A row) as [w'|] eqn:E'; [|discriminate]. injection E as <-.
    apply (combines_ext _ _ (fun x => factor_at v (r_slot K KR s) * nth k (U x) 0 + row_at v (U x) (map (fun e => (r_slot K KR (fst e), snd e)) row))); [intros x _; unfold row_at; reflexivity|].
    apply combines_plus; [apply H, N|apply IH; reflexivity].
Qed.
Lemma described_affine W A U rows : described W A U -> described W (A ++ map (row_shape A) rows) (fun x => U x ++ node_at v (U x) (r_node K KR (Affine rows))).
Proof.
  intros DE. assert (DE' := DE). destruct DE' as (L & LW & H). split; [intros x Hx; cbn [r_node node_at]; rewrite !app_length, !map_length, L; auto|]. split; auto. intros j u E.
  destruct (Nat.lt_ge_cases j (length A)) as [J|J].
  - rewrite app_nth1 in E by auto. apply (combines_ext _ _ (fun x => nth j (U x) 0)); [|apply H, E]. intros x Hx. rewrite app_nth1; auto. rewrite L; auto.
  - rewrite app_nth2 in E by auto. set (i := (j - length A)%nat) in *. assert (I : (i < length rows)%nat).
    { destruct (Nat.lt_ge_cases i (length rows)) as [|G]; auto. rewrite nth_overflow in E by (rewrite map_length; auto). discriminate. }
    rewrite (nth_indep _ None (row_shape A [])) in E by (rewrite map_length; auto). rewrite map_nth in E.
    apply (combines_ext _ _ (fun x => row_at v (U x) (map (fun e => (r_slot K KR (fst e), snd e)) (nth i rows [])))); [|apply (described_row W A U DE _ _ E)].
    intros x Hx. rewrite app_nth2 by (rewrite L; auto). rewrite L by auto. fold i. cbn [r_node node_at]. rewrite map_map.
    rewrite (nth_indep _ 0 (row_at v (U x) (map (fun e => (r_slot K KR (fst e), snd e)) []))) by (rewrite map_length; auto).
    rewrite (map_nth (fun row => row_at v (U x) (map (fun e => (r_slot K KR (fst e), snd e)) row))). reflexivity.
Qed.
Lemma described_bend f A U : forall units W m B m', described W A U -> length W = m -> bend_shapes f A units m = (B, m') ->
  exists W', described (W ++ W') (A ++ B) (fun x => U x ++ node_at v (U x) (r_node K KR (Bend f units))) /\ length (W ++ W') = m'.
Proof.
  induction units as [|k units IH]; intros W m B m' DE LW E; cbn [bend_shapes] in E.
  - injection E as <- <-. exists []. rewrite !app_nil_r. split; auto. destruct DE as (L & R1 & H). split; [intros; cbn; rewrite app_nil_r; auto|]. split; auto.
    intros j u N. apply (combines_ext _ _ (fun x => nth j (U x) 0)); [intros x _; cbn; rewrite app_nil_r; auto|apply H, N].
  - set (isu := match nth k A None with Some u => same_act f h && is_affine u | None => false end) in *. destruct (bend_shapes f A units (if isu then S m else m)) as [B0 m0] eqn:E0. injection E as <- <-.
    assert (X1 : exists W1, described (W ++ W1) A U /\ length (W ++ W1) = (if isu then S m else m) /\
      (isu = true -> forall W2, combines ((W ++ W1) ++ W2) (repeat nothing (S d + m) ++ [Some (one K)]) (fun x => ev (ra KR f) (nth k (U x) 0)))).
    { destruct isu eqn:EI.
      - destruct (nth k A None) as [u|] eqn:N; [|discriminate EI]. unfold isu in EI. apply andb_prop in EI. destruct EI as [E1 E2]. destruct DE as (L & R1 & H).
        destruct (combines_affine W u _ E2 (H _ _ N)) as (row & LR & ER). exists [row]. split; [split; [auto|split]|split].
        + intros row' Hr. apply in_app_or in Hr. destruct Hr as [Hr|[<-|[]]]; auto.
        + intros j u' N'. apply combines_grow, H, N'.
        + rewrite app_length. simpl. lia.
        + intros _ W2. apply combines_grow. apply (combines_ext _ _ (fun x => nth (S d + m) (columns x (W ++ [row])) 0)); [|apply combines_one; rewrite app_length; simpl; lia].
          intros x Hx. rewrite column_unit by (auto; rewrite app_length; simpl; lia). rewrite app_nth2 by lia. replace (m - length W)%nat with O by lia. cbn [nth].
          rewrite ER by auto. f_equal. symmetry. apply same_act_ok, E1.
      - exists []. rewrite app_nil_r. split; auto. split; auto. discriminate. }
    destruct X1 as (W1 & D1 & L1 & U1). destruct (IH (W ++ W1) _ _ _ D1 L1 E0) as (W2 & (L & R1 & H) & L2). exists (W1 ++ W2). rewrite app_assoc. split; [|exact L2].
    assert (LA := proj1 DE). split; [|split; [exact R1|]].
    + intros x Hx. specialize (L x Hx). cbn [r_node node_at map] in *. rewrite !app_length in *. cbn [length]. rewrite LA in * by auto. lia.
    + intros j u N. destruct (Nat.lt_ge_cases j (length A)) as [J|J].
      * rewrite app_nth1 in N by auto. apply (combines_ext _ _ (fun x => nth j (U x ++ node_at v (U x) (r_node K KR (Bend f units))) 0)).
        -- intros x Hx. rewrite !app_nth1 by (rewrite LA; auto). reflexivity.
        -- apply H. rewrite app_nth1; auto.
      * rewrite app_nth2 in N by auto. destruct (j - length A)%nat as [|i] eqn:EJ; cbn [nth] in N.
        -- destruct isu eqn:EI; [|discriminate N]. injection N as <-. apply (combines_ext _ _ (fun x => ev (ra KR f) (nth k (U x) 0))); [|apply U1; reflexivity].
           intros x Hx. rewrite app_nth2 by (rewrite LA; auto). rewrite LA by auto. rewrite EJ. reflexivity.
        -- apply (combines_ext _ _ (fun x => nth (length A + i) (U x ++ node_at v (U x) (r_node K KR (Bend f units))) 0)).
           ++ intros x Hx. rewrite !app_nth2 by (rewrite LA by auto; lia). rewrite LA by auto. rewrite EJ. replace (length A + i - length A)%nat with i by lia. reflexivity.
           ++ apply H. rewrite app_nth2 by lia. replace (length A + i - length A)%nat with i by lia. exact N.
Qed.
Lemma described_values : forall P W Am U, described W (fst Am) U -> length W = snd Am ->
  let Am' := fold_left (fun Am n => node_shapes n Am) P Am in
  exists W', described W' (fst Am') (fun x => values v (map (r_node K KR) P) (U x)) /\ length W' = snd Am'.
Proof.
  induction P as [|n P IH]; intros W [A m] U DE LW; cbn [fst snd] in *; [exists W; split; auto|]. cbn [fold_left].
  destruct n as [rows|f units].
  - exact (IH W (A ++ map (row_shape A) rows, m) _ (described_affine W A U rows DE) LW).
  - cbn [node_shapes fst snd]. destruct (bend_shapes f A units m) as [B m'] eqn:E. destruct (described_bend f A U units W m B m' DE LW E) as (W' & DE' & LW').
    exact (IH _ (A ++ B, m') _ DE' LW').
Qed.
Lemma described_inputs : described [] input_shapes (fun x => 1 :: x).
Proof.
  split; [intros x Hx; unfold input_shapes; rewrite map_length, seq_length; cbn [length]; rewrite sized; auto|]. split; [intros row []|]. intros j u N. unfold input_shapes in N.
  destruct (Nat.lt_ge_cases j (S d)) as [J|J]; [|rewrite nth_overflow in N by (rewrite map_length, seq_length; auto); discriminate].
  rewrite (nth_indep _ None (Some (repeat nothing 0 ++ [Some (one K)]))) in N by (rewrite map_length, seq_length; auto).
  rewrite (map_nth (fun k => Some (repeat nothing k ++ [Some (one K)]))), seq_nth in N by auto. injection N as <-.
  apply (combines_ext _ _ (fun x => nth j (columns x []) 0)); [intros x _; unfold columns; cbn [map]; rewrite app_nil_r; reflexivity|apply combines_one; cbn [length]; lia].
Qed.
(* the values of a program *)
Theorem shapes_ok P : exists W, (forall row, In row W -> length row = n_row) /\ length W = snd (shapes P) /\
  forall j u, nth j (fst (shapes P)) None = Some u -> combines W u (fun x => nth j (values v (map (r_node K KR) P) (1 :: x)) 0).
Proof. destruct (described_values P [] (input_shapes, O) _ described_inputs eq_refl) as (W & (_ & LR & H) & LW). exists W. auto. Qed.
End Shape.

(* ---- which signs the output weights have, and how many units of each are enough ---- *)
Section Signs.
Variable K : ops.
Variable KR : num K.
Definition sign_of (a : known K) : option (bool * bool) :=
  match a with None => Some any_of | Some x => if is0 K x then None else if leb K z0 x then Some plus_sign else Some minus_sign end.
Definition has (s : bool * bool) (a : known K) : bool :=
  match sign_of a with Some s' => Bool.eqb (fst s) (fst s') && Bool.eqb (snd s) (snd s') | None => false end.
Definition signs_of (n : nat) (factors : list (known K)) : list (bool * bool) :=
  flat_map (fun s => repeat s (Nat.min (length (filter (has s) factors)) n)) [plus_sign; minus_sign; any_of].
Lemma has_ok s a c : has s a = true -> stands K KR a c -> allowed s c.
Proof.
  unfold has. destruct (sign_of a) as [[p m]|] eqn:E; [|discriminate]. intros H S. destruct s as [p' m']. cbn [fst snd] in H. apply andb_prop in H. destruct H as [H1 H2].
  apply Bool.eqb_prop in H1, H2. subst p' m'. destruct a as [x|]; cbn in E, S; [|injection E as <- <-; apply any_sign].
  destruct (is0 K x); [discriminate|]. subst c. destruct (leb K z0 x) eqn:L; injection E as <- <-.
  - left. split; [reflexivity|]. apply (leb_ok KR) in L. rewrite toR_zero in L. exact L.
  - right. split; [reflexivity|]. assert (N : ltb K x z0 = true) by (unfold ltb; rewrite L; auto). apply (ltb_ok KR) in N. rewrite toR_zero in N. apply Rlt_le, N.
Qed.
Lemma by_sign {I} (f : I -> R) (e : I -> known K) : forall S, (forall i, In i S -> sign_of (e i) = None -> f i = 0) ->
  sum f S = sum f (filter (fun i => has plus_sign (e i)) S) + (sum f (filter (fun i => has minus_sign (e i)) S) + sum f (filter (fun i => has any_of (e i)) S)).
Proof.
  induction S as [|i S IH]; intros H; [simpl; lra|]. cbn [sum filter]. rewrite IH by (intros; apply H; auto; right; auto). specialize (H i (or_introl eq_refl)).
  assert (C : sign_of (e i) = None \/ In (sign_of (e i)) [Some plus_sign; Some minus_sign; Some any_of]).
  { unfold sign_of. destruct (e i) as [x|]; [destruct (is0 K x); [auto|destruct (leb K z0 x)]|]; right; cbn; auto. }
  unfold has. destruct C as [E|[E|[E|[E|[]]]]]; [rewrite E in *; rewrite (H eq_refl)| | |]; rewrite <- ?E, ?E; cbn; lra.
Qed.
Lemma sum_app {I} (f : I -> R) : forall S T, sum f (S ++ T) = sum f S + sum f T.
Proof. induction S as [|i S IH]; intros T; simpl; [ring|]. rewrite IH. ring. Qed.
Lemma filter_map {A B} (f : B -> bool) (g : A -> B) : forall l, length (filter f (map g l)) = length (filter (fun a => f (g a)) l).
Proof. induction l as [|x l IH]; simpl; auto. destruct (f (g x)); simpl; auto. Qed.
Lemma signs_ok (a : list R -> list R) n (E : list (known K * (R * list R))) : (forall e, In e E -> stands K KR (fst e) (fst (snd e)) /\ length (a (snd (snd e))) = n) ->
  exists S, Forall2 (fun p s => allowed s (fst p)) S (signs_of n (map fst E)) /\ (forall p, In p S -> In (snd p) (map (fun e => snd (snd e)) E)) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S = sum (fun e => fst (snd e) * dot (a (snd (snd e))) X) E.
Proof.
  intros H.
  assert (PS : forall s, In s [plus_sign; minus_sign; any_of] -> exists S, Forall2 (fun p s => allowed s (fst p)) S (repeat s (Nat.min (length (filter (has s) (map fst E))) n)) /\
    (forall p, In p S -> In (snd p) (map (fun e => snd (snd e)) E)) /\
    forall X, sum (fun p => fst p * dot (a (snd p)) X) S = sum (fun e => fst (snd e) * dot (a (snd (snd e))) X) (filter (fun e => has s (fst e)) E)).
  { intros s Hs. destruct (few_of_sign a n s Hs (map snd (filter (fun e => has s (fst e)) E))) as (S & F & I & Q).
    - intros p Hp. apply in_map_iff in Hp. destruct Hp as (e & <- & He). apply filter_In in He. destruct He as [He Hh]. destruct (H e He) as [H1 H2]. split; auto. eapply has_ok; eauto.
    - exists S. rewrite filter_map. rewrite map_length in F. split; [exact F|]. split.
      + intros p Hp. specialize (I p Hp). rewrite map_map in I. apply in_map_iff in I. destruct I as (e & <- & He). apply filter_In in He. apply in_map_iff. exists e. tauto.
      + intros X. rewrite Q, sum_map. reflexivity. }
  destruct (PS plus_sign) as (S1 & F1 & I1 & E1); [cbn; auto|]. destruct (PS minus_sign) as (S2 & F2 & I2 & E2); [cbn; auto|]. destruct (PS any_of) as (S3 & F3 & I3 & E3); [cbn; auto|].
  exists (S1 ++ S2 ++ S3). split; [|split].
  - unfold signs_of. cbn [flat_map]. rewrite app_nil_r. apply Forall2_app; [exact F1|]. apply Forall2_app; auto.
  - intros p Hp. apply in_app_or in Hp. destruct Hp as [Hp|Hp]; auto. apply in_app_or in Hp. destruct Hp; auto.
  - intros X. rewrite !sum_app, E1, E2, E3. symmetry. apply (by_sign _ fst). intros e He N. destruct (H e He) as [H1 _]. unfold sign_of in N.
    destruct (fst e) as [x|]; [|discriminate]. destruct (is0 K x) eqn:Z; [|destruct (leb K z0 x); discriminate]. cbn in H1. apply (is0_ok K KR) in Z. rewrite H1, Z. ring.
Qed.
End Signs.

(* ---- what a vector sees of a combination ---- *)
Lemma dot_sumn_right {I} g (D : list I) : forall m (c : nat -> R) (F : nat -> I -> R),
  dot g (map (fun d => sumn m (fun k => c k * F k d)) D) = sumn m (fun k => c k * dot g (map (F k) D)).
Proof.
  induction m as [|m IH]; intros c F; cbn [sumn].
  - revert D. induction g as [|a g IHg]; intros [|d D]; cbn [map dot]; try ring. rewrite IHg. ring.
  - rewrite dot_lin. rewrite (IH (fun k => c (S k)) (fun k => F (S k))). reflexivity.
Qed.
Lemma sum_seq {I} (f : I -> R) (F : nat -> I) : forall m a, sum f (map F (seq a m)) = sumn m (fun j => f (F (a + j)%nat)).
Proof.
  induction m as [|m IH]; intros a; cbn [seq map sum sumn]; auto. rewrite IH, Nat.add_0_r. f_equal. apply sumn_ext. intros j _. do 2 f_equal. lia.
Qed.
(* the columns with a factor, as the samples have them *)
Definition orthogonal (d : nat) (D : list (list Q * list Q)) (u : list (known Qops)) (g : list Z) : bool :=
  forallb (fun k => is_nothing Qops (nth k u (nothing Qops)) || eqb Qops (dotT Qops (map inject_Z g) (map (fun e => nth k (1%Q :: fst e) 0%Q) D)) 0%Q) (seq 0 (S d)).
